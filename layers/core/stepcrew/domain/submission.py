"""What was submitted: kept whole beside the execution record, read by the runner only."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, JsonValue, ValidationInfo, field_validator

from stepcrew.domain.canonical import canonical_json, digest
from stepcrew.domain.connection import ModelConnection
from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.function_tool import FunctionTool
from stepcrew.domain.model_prices import ModelPrice
from stepcrew.domain.project import ProjectOutline, ProjectVersion


class Submission(BaseModel):
    """The checked crew definition and the values of its placeholders. With a `project` its code is what runs, with a
    `flow` that document of CrewAI's, and the definition is an outline of it. `tools` and `connections` are the group's
    own that it names, and `model_prices` the group's own, as they were then."""

    project: ProjectVersion | None = None
    flow: dict[str, JsonValue] | None = None
    definition: CrewDefinition
    inputs: dict[str, JsonValue] = {}
    tools: list[FunctionTool] = []
    connections: list[ModelConnection] = []
    model_prices: dict[str, ModelPrice] = {}

    @field_validator("definition", mode="before")
    @classmethod
    def _outline(cls, value: Any, info: ValidationInfo) -> Any:
        is_outline = any(info.data.get(name) is not None for name in ("project", "flow"))
        return ProjectOutline.model_validate(value) if is_outline and not isinstance(value, CrewDefinition) else value

    @property
    def config(self) -> dict[str, JsonValue]:
        """What was submitted, and can be submitted again."""
        return self.flow or self.definition.model_dump(mode="json", exclude_unset=True)


def document_of(submission: Submission) -> str:
    """The text that is stored: only what was set, so that a newer version's defaults change nothing of it."""
    return canonical_json(submission)


def fingerprint(submission: Submission) -> str:
    """SHA-256 (hex) of the stored text. Reading a submission back and asking again gives the same, in the runner's
    environment too: an attempt goes on only from the submission the execution was made with."""
    return digest(document_of(submission))


class IdempotencyRecord(BaseModel):
    """Which execution an idempotency key stands for, for so many hours. `body_hash` is the SHA-256 (hex) of the
    canonical request."""

    key: str
    body_hash: str
    execution_id: str
    hours: int = 24
