"""The messages of the trigger queue."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from stepcrew.services.take_object import NewObject


class _Named(BaseModel):
    name: str


class _Object(BaseModel):
    key: str
    size: int = 0
    etag: str = ""
    sequencer: str = ""
    version_id: str | None = Field(default=None, alias="version-id")


class _Detail(BaseModel):
    bucket: _Named
    object: _Object


class ObjectCreated(BaseModel):
    """S3's event of a new object
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html). Keys are not encoded there."""

    source: Literal["aws.s3"]
    detail: _Detail

    def new_object(self) -> NewObject:
        found = self.detail.object
        version = found.version_id or found.sequencer or found.etag
        return NewObject(self.detail.bucket.name, found.key, found.size, version, found.version_id, found.etag)


class _OfTrigger(BaseModel):
    model_config = ConfigDict(extra="forbid")

    group_id: str
    trigger: str


class EventArrived(_OfTrigger):
    """An event that a trigger's rule passed on."""

    event: dict[str, Any]


class _Tick(BaseModel):
    time: str


class ScheduleCame(_OfTrigger):
    """The time of a trigger's schedule."""

    schedule: _Tick


class _Turn(BaseModel):
    firing_id: str
    turn: int


class FiringGoesOn(_OfTrigger):
    """The next turn of a firing that was deferred."""

    firing: _Turn


Message = ObjectCreated | EventArrived | ScheduleCame | FiringGoesOn
MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)
