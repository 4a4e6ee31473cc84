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


class DeployedFunction(BaseModel):
    function: str
