"""The bodies of requests. The OpenAPI document is made from them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, SecretStr, field_validator

from stepcrew.domain.definition import MAX_NAME, MAX_TASKS
from stepcrew.domain.execution import Limits
from stepcrew.domain.files import MOST_FILE_BYTES
from stepcrew.domain.project import BUNDLE, ProjectOutline, ProjectVersion
from stepcrew.domain.stored_crew import CREW_REFERENCE, MOST_VERSIONS
from stepcrew.domain.webhook import MOST_WEBHOOKS

MOST_CHARACTERS = 2_000_000
"""Of a project's texts together."""


def _inside(path: str) -> str:
    """Raises ValueError for a path that is absolute or has a part that is empty, `.` or `..`."""
    if not {"", ".", ".."}.isdisjoint(path.split("/")):
        raise ValueError(f"{path[:100]!r} is no path inside a folder")
    return path


PathInFolder = Annotated[str, Field(max_length=400, pattern=r"^[^\\\x00-\x1f]+$"), AfterValidator(_inside)]


class CrewRequest(BaseModel):
    """The body of POST /executions. Unknown fields are faults.

    `config` is the crew: either our shape (`agents`, `tasks`, `process`, `model` …) or CrewAI's two files as objects or
    YAML text (`agents_yaml`, `tasks_yaml`). `inputs` may also stand inside `config`. Instead of `config`, `crew` names
    a stored crew, one version of it (`name@3`) or an alias of one (`name@prod`); `inputs` are then laid over those
    stored with it.
    """

    model_config = ConfigDict(extra="forbid")

    config: dict[str, JsonValue] | None = None
    crew: Annotated[str, Field(pattern=CREW_REFERENCE)] | None = None
    inputs: dict[str, JsonValue] | None = None
    name: str | None = Field(None, max_length=200)
    limits: Limits | None = None
    webhooks: Annotated[
        list[str], Field(max_length=MOST_WEBHOOKS, description="Webhooks of the group that hear of it, by name.")
    ] = []
    debug: bool = Field(False, description="An admin's: its log has every step and names every event of CrewAI.")
    job_type: Literal["crew"] | None = Field(None, description="Accepted for compatibility; only `crew` exists.")


class RerunRequest(BaseModel):
    """The body of POST /executions/{execution_id}/rerun. Unknown fields are faults; `{}` runs the same again.

    `config` replaces the crew, `inputs` are laid over those of the execution, one by one; `name` and `limits` are the
    execution's where they are not given. With `from_task`, the outputs of the tasks before it are kept, and it and
    those behind it are run. `task_outputs` stand in for kept ones, by task name: a text, or an object where the task's
    output has a schema.
    """

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, JsonValue] | None = None
    from_task: str | None = Field(None, min_length=1, max_length=MAX_NAME)
    task_outputs: dict[str, JsonValue] | None = Field(None, max_length=MAX_TASKS)
    config: dict[str, JsonValue] | None = None
    name: str | None = Field(None, max_length=200)
    limits: Limits | None = None
    debug: bool = Field(False, description="An admin's: its log has every step and names every event of CrewAI.")


class CrewToStore(BaseModel):
    """The body of PUT /crews/{name}: `config` as in a submission, and default inputs. Unknown fields are faults."""

    model_config = ConfigDict(extra="forbid")

    config: dict[str, JsonValue]
    inputs: dict[str, JsonValue] | None = None


class AliasToMove(BaseModel):
    """The body of PUT /crews/{name}/aliases/{alias}: the latest version when none is given. Unknown fields are
    faults."""

    model_config = ConfigDict(extra="forbid")

    version: int | None = Field(None, ge=1, le=MOST_VERSIONS)


class Rollback(BaseModel):
    """The body of POST /crews/{name}/rollback. Unknown fields are faults."""

    model_config = ConfigDict(extra="forbid")

    version: int = Field(ge=1, le=MOST_VERSIONS)


class ProjectToStore(BaseModel):
    """The body of PUT /projects/{name}: the code, what can be told of its agents and tasks, and default inputs. Unknown
    fields are faults."""

    model_config = ConfigDict(extra="forbid")

    project: ProjectVersion
    outline: ProjectOutline = ProjectOutline.model_construct()
    inputs: dict[str, JsonValue] = {}


class ProjectToRead(BaseModel):
    """The body of POST /projects/read: the name of a folder, and texts by their paths in it. Unknown fields are
    faults."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[PathInFolder, Field(max_length=100, pattern="^[^/]+$")]
    files: Annotated[dict[PathInFolder, str], Field(min_length=1, max_length=200)]

    @field_validator("files")
    @classmethod
    def _small(cls, files: dict[str, str]) -> dict[str, str]:
        if sum(map(len, files.values())) > MOST_CHARACTERS:
            raise ValueError(f"the texts may have {MOST_CHARACTERS:,} characters together")
        return files


class BundleToUpload(BaseModel):
    """The body of POST /projects/{name}/bundle. Unknown fields are faults."""

    model_config = ConfigDict(extra="forbid")

    sha256: Annotated[str, Field(pattern=BUNDLE)]


class FileToUpload(BaseModel):
    """The body of PUT /files/{name}: what the file's bytes are, and the embedding model (provider/model) that makes its
    chunks when it is not the operator's. Unknown fields are faults."""

    model_config = ConfigDict(extra="forbid")

    sha256: Annotated[str, Field(pattern=BUNDLE)]
    bytes: Annotated[int, Field(ge=0, le=MOST_FILE_BYTES)]
    embedder: Annotated[str, Field(max_length=200)] | None = None


class SecretToSet(BaseModel):
    """The body of PUT /secrets/{name}. Unknown fields are faults."""

    model_config = ConfigDict(extra="forbid")

    value: SecretStr
