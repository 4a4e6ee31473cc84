"""Functions of projects on the local stack: the same template as on AWS, deployed by the stack itself.

On AWS whoever deploys a project has rights in the account. Here the stack has them, and asks the API whether the caller
is an administrator of the group: POST /local/projects/{name} with the body of POST /api/v1/projects/{name}/bundle
answers `{"function"}`, as the function's version in the output of the template. DELETE /local/projects/{name} removes
the function and answers whether there was one, as `{"removed"}`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stepcrew_local.deploy import deploy, remove
from stepcrew_local.errors import StackError
from stepcrew_local.layout import PROJECT_TEMPLATE, ROOT, python_of
from stepcrew_local.template import FunctionSource

if TYPE_CHECKING:
    from stepcrew_local.stack import Stack

FUNCTION = "ProjectFunction"
SECONDS = 30


class LocalProjects:
    """The route of the gateway that deploys the function of a project."""

    def __init__(self) -> None:
        self._stack: Stack | None = None
        self._lock = threading.Lock()

    def set_stack(self, stack: Stack) -> None:
        """Called when the platform's own template is deployed."""
        self._stack = stack

    async def deploy(self, request: Request) -> Response:
        if self._stack is None:
            return JSONResponse({"message": "Service Unavailable"}, 503, {"retry-after": "1"})
        told = await self._ask(self._stack, request, "POST", "bundle")
        answer: dict[str, Any] = told.json()
        if not told.is_success:
            return JSONResponse(answer, told.status_code, media_type="application/problem+json")
        if not answer["stored"]:
            return JSONResponse({"title": "The bundle has not been uploaded.", "status": 409}, 409)
        try:
            function = await run_in_threadpool(self._deploy, self._stack, answer["parameters"])
        except StackError as error:
            return JSONResponse({"title": "The project was not deployed.", "detail": str(error), "status": 500}, 500)
        return JSONResponse({"function": function})

    async def remove(self, request: Request) -> Response:
        if self._stack is None:
            return JSONResponse({"message": "Service Unavailable"}, 503, {"retry-after": "1"})
        told = await self._ask(self._stack, request, "GET", "function")
        answer: dict[str, Any] = told.json()
        if not told.is_success:
            return JSONResponse(answer, told.status_code, media_type="application/problem+json")
        try:
            removed = await run_in_threadpool(self._remove, self._stack, answer["parameters"])
        except StackError as error:
            return JSONResponse({"title": "The project was not removed.", "detail": str(error), "status": 500}, 500)
        return JSONResponse({"removed": removed})

    @staticmethod
    async def _ask(stack: Stack, request: Request, method: str, what: str) -> httpx.Response:
        """Asks the API as the caller, whom it answers only if they are an administrator of the group."""
        kept = {key: value for key in ("authorization", "x-group-id") if (value := request.headers.get(key))}
        url = f"{stack.url}/api/v1/projects/{request.path_params['name']}/{what}"
        body = await request.body()
        async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as client:
            return await client.request(method, url, content=body, headers={**kept, "content-type": "application/json"})

    def _remove(self, stack: Stack, parameters: dict[str, str]) -> bool:
        with self._lock:
            return remove(stack.emulator, _stack_name(parameters))

    def _deploy(self, stack: Stack, parameters: dict[str, str]) -> str:
        outputs = stack.outputs
        given = {
            **{name: outputs[name] for name in ("TableName", "BucketName", "TraceQueueUrl", "AttemptRoleArn")},
            "SecretsPrefix": outputs["SecretsPrefix"],
            "ImageUri": "local",
            "DefaultModel": stack.model.default_model,
            "ProjectModel": stack.model.default_model if stack.model.is_embedded else "",
            **parameters,
        }
        runner = FunctionSource(ROOT / "functions/runner", python_of("runner"), (ROOT / "layers/core",))
        with self._lock:
            deployed = deploy(stack.emulator, PROJECT_TEMPLATE, given, {FUNCTION: runner}, _stack_name(parameters))
        return deployed["FunctionVersion"]


def _stack_name(parameters: dict[str, str]) -> str:
    return "-".join(("project", parameters["GroupDigest"], parameters["Name"]))
