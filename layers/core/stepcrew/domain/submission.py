"""What was submitted: kept whole beside the execution record, read by the runner only."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, JsonValue, ValidationInfo, field_validator

from stepcrew.domain.canonical import canonical_json, digest
from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.model_prices import ModelPrice
from stepcrew.domain.project import ProjectOutline, ProjectVersion


class Submission(BaseModel):
    """The checked crew definition and the values of its placeholders. With a `project` its code is what runs, and the
    definition is an outline of it. `model_prices` are the group's own, as they were when it was submitted."""

    project: ProjectVersion | None = None
    definition: CrewDefinition
    inputs: dict[str, JsonValue] = {}
    model_prices: dict[str, ModelPrice] = {}

    @field_validator("definition", mode="before")
    @classmethod
    def _outline(cls, value: Any, info: ValidationInfo) -> Any:
        is_outline = info.data.get("project") is not None and not isinstance(value, CrewDefinition)
        return ProjectOutline.model_validate(value) if is_outline else value


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
