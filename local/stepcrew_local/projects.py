"""Functions of projects on the local stack: the same template as on AWS, deployed by the stack itself.

On AWS whoever deploys a project has rights in the account. Here the stack has them, and asks the API whether the caller
is an administrator of the group: POST /local/projects/{name} with the body of POST /api/v1/projects/{name}/bundle
answers `{"function"}`, as the function's version in the output of the template.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stepcrew_local.deploy import deploy
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
        name, body = request.path_params["name"], await request.body()
        kept = {key: value for key in ("authorization", "x-group-id") if (value := request.headers.get(key))}
        url = f"{self._stack.url}/api/v1/projects/{name}/bundle"
        async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as client:
            told = await client.post(url, content=body, headers={**kept, "content-type": "application/json"})
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
        name = "-".join(("project", parameters["GroupDigest"], parameters["Name"]))
        with self._lock:
            deployed = deploy(stack.emulator, PROJECT_TEMPLATE, given, {FUNCTION: runner}, name)
        return deployed["FunctionVersion"]
