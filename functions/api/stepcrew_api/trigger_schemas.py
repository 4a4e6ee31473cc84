"""Requests and answers about triggers; as in `schemas`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, JsonValue

from stepcrew.domain.errors import Fault
from stepcrew.domain.trigger import Firing, Trigger


class TriggerView(Trigger):
    """A trigger. `hook_path` is where its deliveries go, below the API's address; null for the other kinds."""

    hook_path: str | None = None


class TriggerList(BaseModel):
    """The triggers of a group, ordered by name."""

    triggers: list[TriggerView]


class FiringList(BaseModel):
    """Newest first. `next_cursor` is opaque and null on the last page."""

    firings: list[Firing]
    next_cursor: str | None


class Upload(BaseModel):
    """Where to PUT the object, within `expires_in` seconds; the address itself is the permission."""

    url: str
    expires_in: int


class Sample(BaseModel):
    """What a cause could look like: the document that the trigger's expressions read."""

    model_config = ConfigDict(extra="forbid")

    document: dict[str, JsonValue]


class TriggerTrial(BaseModel):
    """What a trigger would start from a sample: the crew and its inputs, and the faults that would keep it from it."""

    crew: str
    inputs: dict[str, JsonValue] | None
    valid: bool
    reason: str = ""
    errors: list[Fault] = []
