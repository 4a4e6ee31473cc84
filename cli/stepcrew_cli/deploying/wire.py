"""What the command line reads of the API's answers about projects and tools."""

from __future__ import annotations

from pydantic import BaseModel, JsonValue, RootModel


class ProjectRuntime(BaseModel):
    python: str
    platform: str
    packages: list[str]


class BundleUpload(BaseModel):
    stored: bool
    url: str | None = None
    headers: dict[str, str] = {}
    parameters: dict[str, str] = {}


class FunctionPlace(BaseModel):
    """`open_executions` are those that still need a project's function."""

    parameters: dict[str, str]
    open_executions: list[str] = []


class RemovedFunction(BaseModel):
    removed: bool


class DeployedProject(BaseModel):
    bundle: str
    entry: str


class DeployedCrew(BaseModel):
    """A stored crew as it stands; `project` is null where it is no project."""

    name: str
    version: int
    project: DeployedProject | None = None


class MadeFunction(BaseModel):
    function: str


class RegisteredTool(BaseModel):
    """A function of the group as a tool."""

    name: str
    function_arn: str


class ListedTool(BaseModel):
    """A tool that crews may name; a function that the group has registered is `of_group`."""

    name: str
    summary: str
    secrets: list[str] = []
    effects: bool = False
    input_schema: dict[str, JsonValue] = {}
    of_group: bool = False


class ToolList(RootModel[list[ListedTool]]):
    pass
