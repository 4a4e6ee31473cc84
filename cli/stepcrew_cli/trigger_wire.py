"""What the API answers about triggers; as in `wire`."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, JsonValue

from stepcrew_cli.wire import Fault


class Trigger(BaseModel):
    """One of `object`, `event`, `schedule` and `hook` is there."""

    name: str
    crew: str
    enabled: bool = True
    object: JsonValue = None
    event: JsonValue = None
    schedule: JsonValue = None
    hook: JsonValue = None
    made_by: str | None = None
    updated_at: datetime | None = None
    hook_path: str | None = None

    @property
    def kind(self) -> str:
        return next((kind for kind in ("object", "event", "schedule", "hook") if getattr(self, kind) is not None), "")


class TriggerList(BaseModel):
    triggers: list[Trigger] = []


class TriggerTrial(BaseModel):
    """What a sample would start."""

    crew: str
    inputs: dict[str, JsonValue] | None = None
    valid: bool
    reason: str = ""
    errors: list[Fault] = []


class Firing(BaseModel):
    firing_id: str
    status: str
    cause: str = ""
    reason: str = ""
    fired_at: datetime | None = None
    started: int = 0
    failed: int = 0
    execution_ids: list[str] = []


class FiringList(BaseModel):
    firings: list[Firing] = []
    next_cursor: str | None = None


class Upload(BaseModel):
    """Where to put an object; the address is the permission."""

    url: str
