"""Functions of projects and of tools on the local stack: the same templates as on AWS, deployed by the stack itself.

On AWS whoever deploys one has rights in the account. Here the stack has them, and asks the API whether the caller is an
administrator of the group: POST /local/projects/{name} with the body of POST /api/v1/projects/{name}/bundle answers
`{"function"}`, as the function's version in the output of the template. DELETE /local/projects/{name} removes the
function and answers whether there was one, as `{"removed"}`. It is the same with tools in place of projects.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from stepcrew_local.deploy import deploy, remove
from stepcrew_local.errors import StackError
from stepcrew_local.layout import PROJECT_TEMPLATE, TOOL_TEMPLATE
from stepcrew_local.template import runner_source

if TYPE_CHECKING:
    from stepcrew_local.stack import Stack

SECONDS = 30


class Kind(NamedTuple):
    """What is deployed: `function` is its name in the template, which takes these `outputs` of the platform."""

    template: Path
    function: str
    outputs: tuple[str, ...]


KINDS = {
    "projects": Kind(
        PROJECT_TEMPLATE,
        "ProjectFunction",
        ("TableName", "BucketName", "TraceQueueUrl", "AttemptRoleArn", "SecretsPrefix"),
    ),
    "tools": Kind(TOOL_TEMPLATE, "ToolFunction", ("BucketName", "SecretsPrefix")),
}


class LocalProjects:
    """The routes of the gateway that deploy and remove functions."""

    def __init__(self) -> None:
        self._stack: Stack | None = None
        self._lock = threading.Lock()

    def set_stack(self, stack: Stack) -> None:
        """Called when the platform's own template is deployed."""
        self._stack = stack

    async def deploy(self, request: Request) -> Response:
        def made(stack: Stack, kind: str, answer: dict[str, Any]) -> Response:
            if not answer["stored"]:
                return JSONResponse({"title": "The bundle has not been uploaded.", "status": 409}, 409)
            return JSONResponse({"function": self._deploy(stack, kind, answer["parameters"])})

        return await self._answer(request, ("POST", "bundle"), made)

    async def remove(self, request: Request) -> Response:
        def removed(stack: Stack, kind: str, answer: dict[str, Any]) -> Response:
            with self._lock:
                return JSONResponse({"removed": remove(stack.emulator, _stack_name(kind, answer["parameters"]))})

        return await self._answer(request, ("GET", "function"), removed)

    async def _answer(
        self, request: Request, question: tuple[str, str], act: Callable[[Stack, str, dict[str, Any]], Response]
    ) -> Response:
        """Asks the API as the caller, whom it answers only if they are an administrator of the group, then acts."""
        if self._stack is None:
            return JSONResponse({"message": "Service Unavailable"}, 503, {"retry-after": "1"})
        kind, (method, what) = request.path_params["kind"], question
        if kind not in KINDS:
            return JSONResponse({"title": "There is no such thing.", "status": 404}, 404)
        kept = {key: value for key in ("authorization", "x-group-id") if (value := request.headers.get(key))}
        url = f"{self._stack.url}/api/v1/{kind}/{request.path_params['name']}/{what}"
        async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as client:
            headers = {**kept, "content-type": "application/json"}
            told = await client.request(method, url, content=await request.body(), headers=headers)
        if not told.is_success:
            return JSONResponse(told.json(), told.status_code, media_type="application/problem+json")
        try:
            return await run_in_threadpool(act, self._stack, kind, told.json())
        except StackError as error:
            title = "The function was not changed."
            return JSONResponse({"title": title, "detail": str(error), "status": 500}, 500)

    def _deploy(self, stack: Stack, kind: str, parameters: Mapping[str, str]) -> str:
        given = {"ImageUri": "local", **{name: stack.outputs[name] for name in KINDS[kind].outputs}, **parameters}
        if kind == "projects":
            model = stack.model
            given["DefaultModel"] = model.default_model
            given["ProjectModel"] = model.default_model if model.is_embedded else ""
        template, function, _ = KINDS[kind]
        with self._lock:
            name = _stack_name(kind, parameters)
            return deploy(stack.emulator, template, given, {function: runner_source()}, name)["FunctionVersion"]


def _stack_name(kind: str, parameters: Mapping[str, str]) -> str:
    return "-".join((kind.removesuffix("s"), parameters["GroupDigest"], parameters["Name"]))
