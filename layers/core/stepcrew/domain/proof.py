"""What proves that a trace and a journal are whole and unaltered: each record carries the hash of the one before it.

The runner makes the chains, one for each attempt, because it alone knows the order; their last hashes are in the record
of the execution. How a hash is made is told in docs/rerun-and-replay.md: the command line makes it again.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import BaseModel

from stepcrew.domain.canonical import canonical_json, digest

NOT_PROVEN = {"recorded_at", "body_reference"}
"""What is added to a record after its hash was made, or says only where its body is."""


class AttemptProof(BaseModel):
    """The ends of one attempt's chains: the hash of its last trace event, and how many journal entries it wrote with
    the hash of the last one. A hash is null where there is none, or where the attempt could not say."""

    trace: str | None = None
    entries: int = 0
    journal: str | None = None


class Link(BaseModel):
    """The place in its chain of a journal entry that another one has replaced."""

    attempt: int
    number: int
    previous: str | None = None
    hash: str


Record = TypeVar("Record", bound=BaseModel)


def hash_of(record: BaseModel) -> str:
    """SHA-256 (hex) of the record as JSON: fields with their default values left out, keys sorted."""
    serializer: Any = record.__pydantic_serializer__  # a record made without validation is written as it is
    text: bytes = serializer.to_json(record, exclude_defaults=True, exclude=NOT_PROVEN, warnings=False)
    return digest(canonical_json(json.loads(text), sort_keys=True))


class Chain:
    """Of one attempt. Not for several threads at once."""

    def __init__(self) -> None:
        self.head: str | None = None
        self.length = 0

    def following(self, record: Record, **more: object) -> Record:
        """The record as the next one of the chain."""
        return record.model_copy(update={"previous": self.head, **more})

    def accept(self, record: BaseModel) -> None:
        """`record`, made by `following`, stands."""
        self.head = hash_of(record)
        self.length += 1
