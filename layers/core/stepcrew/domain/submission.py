"""What was submitted: kept whole beside the execution record, read by the runner only."""

from __future__ import annotations

from pydantic import BaseModel, JsonValue

from stepcrew.domain.definition import CrewDefinition


class Submission(BaseModel):
    """The checked crew definition and the values of its placeholders."""

    definition: CrewDefinition
    inputs: dict[str, JsonValue] = {}


class IdempotencyRecord(BaseModel):
    """Which execution an idempotency key stands for. `body_hash` is the SHA-256 (hex) of the canonical request."""

    key: str
    body_hash: str
    execution_id: str
