"""Tools that crews may name: those of the allow-list, and functions that the group has registered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from stepcrew import tool_arguments
from stepcrew.domain.errors import ToolNotFound
from stepcrew.domain.function_tool import TOOL_NAME, StoredTool
from stepcrew.domain.tools import TOOLS
from stepcrew_api.bodies import BundleBody, ToolBody
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Admin, Caller
from stepcrew_api.problems import responses
from stepcrew_api.project_schemas import BundleUpload
from stepcrew_api.routes.projects import Platform, place_of, upload_for
from stepcrew_api.services import Injected
from stepcrew_api.tool_schemas import FunctionToolView, Tool, ToolFunction

router = APIRouter(prefix="/tools", tags=["tools"], route_class=GuardedRoute)

ToolName = Annotated[str, Path(pattern=TOOL_NAME, description="What crews call it.")]


@router.get("", responses=responses())
def tools(identity: Caller, services: Injected) -> list[Tool]:
    """The tools crews may name."""
    arguments = tool_arguments.schemas()
    listed = [
        Tool(
            name=spec.name,
            summary=spec.summary,
            secrets=list(spec.secrets),
            effects=spec.has_effects,
            input_schema=arguments[spec.name],
            of_group=False,
        )
        for spec in TOOLS.values()
    ]
    return listed + [
        Tool(
            name=one.name,
            summary=one.description,
            secrets=one.secrets,
            effects=one.effects,
            input_schema=one.input_schema,
            of_group=True,
        )
        for one in services.tools.every(identity.group_id)
    ]


@router.get("/{name}", responses=responses(404))
def read_tool(name: ToolName, identity: Caller, services: Injected) -> FunctionToolView:
    """A function that the group has registered."""
    found = services.tools.one(identity.group_id, name)
    if found is None:
        raise ToolNotFound(f"There is no tool {name!r} of this group.")
    return _view(found)


@router.put(
    "/{name}",
    status_code=201,
    responses={200: {"model": FunctionToolView, "description": "Replaced"}, **responses(400, 413, 415)},
)
def store_tool(
    name: ToolName, body: ToolBody, identity: Admin, services: Injected, response: Response
) -> FunctionToolView:
    """Registers a function as a tool, or replaces one. Executions that were submitted keep what it was."""
    stored, is_new = services.store_tool(identity.group_id, name, body, identity.name)
    if not is_new:
        response.status_code = 200
    return _view(stored)


@router.post("/{name}/bundle", responses=responses(400, 413, 415))
def upload_tool_bundle(
    name: ToolName, body: BundleBody, identity: Admin, services: Injected, platform: Platform
) -> BundleUpload:
    """Where the bytes of the bundle of a tool may be put. Asking again is harmless; nothing is stored by it."""
    return upload_for(services, place_of(platform, identity.group_id, name), identity.group_id, body.sha256)


@router.get("/{name}/function", responses=responses())
def tool_function(name: ToolName, identity: Admin, platform: Platform) -> ToolFunction:
    """Where the function of a tool is that was made with projects/tool.yaml, for those who remove it."""
    return ToolFunction(parameters=place_of(platform, identity.group_id, name))


@router.delete("/{name}", status_code=204, responses=responses())
def remove_tool(name: ToolName, identity: Admin, services: Injected) -> Response:
    """Crews that name it are refused from now on; the function is not touched. Asking again changes nothing."""
    services.tools.delete(identity.group_id, name)
    return Response(status_code=204)


def _view(tool: StoredTool) -> FunctionToolView:
    return FunctionToolView.model_validate(tool.model_dump())
