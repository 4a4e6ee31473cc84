"""What the API answers about projects: crews and flows with their own Python."""

from __future__ import annotations

from pydantic import BaseModel, Field, JsonValue


class ProjectRuntime(BaseModel):
    """What a bundle is built for. `platform` is a target of uv (`host`: the machine the platform runs on); `packages`
    are the runner's own, as `name==version`, which no bundle replaces."""

    python: str
    platform: str
    packages: list[str]


class BundleUpload(BaseModel):
    """`stored` tells that the bundle is there already; else its bytes go by PUT to `url`, with these headers and no
    others, within 15 minutes."""

    stored: bool
    url: str | None = None
    headers: dict[str, str] = {}
    parameters: dict[str, str] = Field(
        description="Of the template of the function: projects/template.yaml, of a tool projects/tool.yaml."
    )


class ProjectFunction(BaseModel):
    """What tells a project's function from others: parameters of projects/template.yaml. `open_executions` are those of
    the stored crew that have not ended, at most 100 of them, oldest first: as long as there are any, the function is
    needed."""

    parameters: dict[str, str]
    open_executions: list[str]


class ProjectAsCrew(BaseModel):
    """The crew that a project's texts tell, for a submission: `config` and `inputs`. Where one YAML file says all of
    it, `file` is its path. `notes` tell what could not come along; with `needs_code`, some of it is Python, which runs
    when the project is deployed."""

    name: str
    config: dict[str, JsonValue]
    inputs: dict[str, JsonValue]
    file: str | None = None
    notes: list[str] = []
    needs_code: bool = False
