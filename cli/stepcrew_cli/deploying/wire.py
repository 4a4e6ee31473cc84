"""What the command line reads of the API's answers about projects."""

from __future__ import annotations

from pydantic import BaseModel


class ProjectRuntime(BaseModel):
    python: str
    platform: str
    packages: list[str]


class BundleUpload(BaseModel):
    stored: bool
    url: str | None = None
    headers: dict[str, str] = {}
    parameters: dict[str, str] = {}


class ProjectFunction(BaseModel):
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


class DeployedFunction(BaseModel):
    function: str
