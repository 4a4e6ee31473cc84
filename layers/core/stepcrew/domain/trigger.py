"""Triggers: what starts executions of a stored crew without a person, and the firings that tell what each cause did."""

from __future__ import annotations

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    field_validator,
    model_validator,
)

from stepcrew.domain.canonical import digest
from stepcrew.domain.definition import SecretReference
from stepcrew.domain.errors import Fault
from stepcrew.domain.execution import Limits
from stepcrew.domain.mapping import expression_fault, expressions_in
from stepcrew.domain.stored_crew import CREW_REFERENCE
from stepcrew.domain.timestamps import timestamp

TRIGGER_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$"
MOST_TRIGGERS = 200
"""In one group: each has a rule or a schedule of its own on AWS (EventBridge: 300 rules a bus by default)."""
MOST_INPUTS = 50
MOST_CONTENT_BYTES = 1_000_000
"""Of an object that is mapped to inputs or is itself a request."""
MOST_ROWS = 10_000
"""Of a CSV or JSONL object, each of which starts one execution."""
BATCH_FOLDER = "batches/"
"""Objects of the inbox below it are the inputs of batches; no trigger hears of them."""
REQUESTS = "inbox"
"""The built-in trigger whose firings tell of objects that are requests themselves; no other may have the name."""
HOOK_SECRETS = "HOOK_"
"""What the names of secrets begin with that deliveries are signed with. The API's role may read no others."""
MOST_CHAIN = 5
"""Triggers that may have started one another in a row; a longer chain is a loop."""


class TriggerKind(StrEnum):
    OBJECT = "object"
    EVENT = "event"
    SCHEDULE = "schedule"
    HOOK = "hook"


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class ObjectRule(_Exact):
    """Objects of the inbox below the group's folder whose key, without that folder, begins and ends so. `contents` says
    what of the object the mapping sees: nothing (only bucket, key, size, type), its `text`, its `json`, each of its
    `rows` (a CSV or JSON Lines object: one execution a row), or the `file` of the group that it becomes."""

    prefix: Annotated[str, StringConstraints(max_length=512)] = ""
    suffix: Annotated[str, StringConstraints(max_length=100)] = ""
    contents: Literal["none", "text", "json", "rows", "file"] = "none"

    def matches(self, key: str) -> bool:
        return key.startswith(self.prefix) and key.endswith(self.suffix)


class EventRule(_Exact):
    """Events of a bus that match an EventBridge pattern. Without `bus` it is the product's own, and then only events of
    the group itself match."""

    bus: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._/-]{1,256}$")] | None = None
    pattern: Annotated[dict[str, JsonValue], Field(min_length=1)]


_SCHEDULE = re.compile(
    r"rate\([1-9]\d{0,5} (minute|minutes|hour|hours|day|days)\)"
    r"|cron\([^()]{9,100}\)"
    r"|at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)"
)


def _schedule(text: str) -> str:
    if not _SCHEDULE.fullmatch(text):
        raise ValueError("write rate(5 minutes), cron(0 9 ? * MON-FRI *) or at(2027-01-31T09:00:00)")
    return text


def _time_zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError) as error:  # unknown names are a KeyError, "." would read a folder
        raise ValueError(f"{name} is no time zone; write one as Europe/Berlin or UTC") from error


class ScheduleRule(_Exact):
    """A schedule of EventBridge Scheduler. Times of `expression` are those of `time_zone`, daylight saving included."""

    expression: Annotated[str, AfterValidator(_schedule)]
    time_zone: Annotated[str, AfterValidator(_time_zone)] = "UTC"
    start: Annotated[datetime, Field(strict=False)] | None = None
    end: Annotated[datetime, Field(strict=False)] | None = None


class HookRule(_Exact):
    """A signed HTTP endpoint for senders that have no token. `signature` is how they sign; `secret` names the group's
    secret they sign with, which begins with `HOOK_`: the API may read those alone. `header` is only for `hmac`: a
    header with the hexadecimal HMAC-SHA256 of the body."""

    signature: Literal["standard", "github", "stripe", "slack", "hmac"]
    secret: SecretReference
    header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,64}$")] | None = None

    @field_validator("secret")
    @classmethod
    def _secret_of_hooks(cls, secret: SecretReference) -> SecretReference:
        if not secret.secret.startswith(HOOK_SECRETS):
            raise ValueError(f"the name of the secret that deliveries are signed with must begin with {HOOK_SECRETS}")
        return secret

    @model_validator(mode="after")
    def _header_of_hmac(self) -> HookRule:
        if (self.header is not None) != (self.signature == "hmac"):
            raise ValueError("header belongs to the signature hmac, and only to it")
        return self


class TriggerSpec(_Exact):
    """What a user writes. Exactly one of `object`, `event`, `schedule` and `hook` is set. `inputs` are the crew's, with
    `${path}` where a value of the cause goes."""

    KINDS: ClassVar = tuple(kind.value for kind in TriggerKind)

    crew: Annotated[str, StringConstraints(pattern=CREW_REFERENCE)]
    inputs: Annotated[dict[str, JsonValue], Field(max_length=MOST_INPUTS)] = {}
    limits: Limits | None = None
    enabled: bool = True
    object: ObjectRule | None = None
    event: EventRule | None = None
    schedule: ScheduleRule | None = None
    hook: HookRule | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> TriggerSpec:
        if sum(getattr(self, kind) is not None for kind in self.KINDS) != 1:
            raise ValueError("set exactly one of object, event, schedule and hook")
        return self

    @property
    def kind(self) -> TriggerKind:
        return next(TriggerKind(kind) for kind in self.KINDS if getattr(self, kind) is not None)

    @property
    def has_rows(self) -> bool:
        """Each row of an object starts an execution of its own."""
        return self.object is not None and self.object.contents == "rows"

    def faults(self) -> list[Fault]:
        """What is wrong with the expressions of the inputs."""
        return [
            Fault(pointer=f"/inputs{pointer}", code="expression", detail=detail, remedy="Write ${path.to.value}.")
            for pointer, expression in expressions_in(self.inputs)
            if (detail := expression_fault(expression))
        ]


class Trigger(TriggerSpec):
    """A stored trigger. `revision` grows with each change. `made_by` is who wrote it last: executions name them.
    `hook_id` is the last part of the endpoint's address."""

    model_config = ConfigDict(extra="ignore", strict=False)

    name: str
    revision: int = 1
    made_by: str | None = None
    created_at: datetime
    updated_at: datetime
    hook_id: str | None = None


class Cause(BaseModel):
    """What made a trigger fire. `key` is the same for each delivery of the same cause; `document` is what the mapping
    reads; `chain` are the triggers behind it, the first one first. `unreadable` says why there is nothing to map.
    `traceparent` is the trace context of whoever caused it."""

    key: str
    document: dict[str, Any]
    chain: list[str] = []
    unreadable: str = ""
    faults: list[Fault] = []
    traceparent: str | None = None


def firing_id_of(trigger: str, cause: str) -> str:
    return digest(f"{trigger}\n{cause}")[:32]


class FiringStatus(StrEnum):
    STARTED = "STARTED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    DEFERRED = "DEFERRED"
    """Not all of it is started yet; it goes on by itself."""


class Firing(BaseModel):
    """What one cause did. The same cause is always the same firing, so a second delivery starts nothing.

    Of `execution_ids` there are a hundred at most; `started` and `failed` count all. `faults` are those of the crew or
    its inputs. `turn` grows each time it is written. Since `waiting_since` the group has had no room for it.

    Of a cause with `rows` (numbered from 1), the first `rows_done` were handled, `failed_rows` of them without success;
    `retried_rows` are handled again before the others, because somebody fired it again."""

    firing_id: str
    trigger: str
    cause: str
    status: FiringStatus
    reason: str = ""
    fired_at: datetime
    started: int = 0
    failed: int = 0
    execution_ids: list[str] = []
    faults: list[Fault] = []
    rows: int | None = None
    rows_done: int = 0
    failed_rows: list[int] = []
    retried_rows: list[int] = []
    turn: int = 1
    waiting_since: datetime | None = None

    @property
    def is_whole(self) -> bool:
        """Everything it stands for was started, so there is nothing to fire again."""
        return self.status is FiringStatus.STARTED and not self.failed and self.next_row is None

    @property
    def next_row(self) -> int | None:
        """The row to handle next; null when all are handled, or when there are no rows."""
        if self.retried_rows:
            return self.retried_rows[0]
        return self.rows_done + 1 if self.rows_done < (self.rows or 0) else None

    def past_row(self) -> Firing:
        """The firing, with its next row counted as handled."""
        if self.retried_rows:
            return self.model_copy(update={"retried_rows": self.retried_rows[1:]})
        return self.model_copy(update={"rows_done": self.rows_done + 1})

    def begun(self, now: datetime) -> Firing:
        """At the beginning of another turn. One that is fired again, and was not DEFERRED, tries its failures first."""
        further = self.model_copy(update={"turn": self.turn + 1})
        if self.status is FiringStatus.DEFERRED:
            return further
        return further.model_copy(
            update={
                "fired_at": now,
                "failed": 0,
                "reason": "",
                "faults": [],
                "waiting_since": None,
                "retried_rows": [*self.failed_rows, *self.retried_rows],
                "failed_rows": [],
            }
        )

    @property
    def place(self) -> str:
        """Where it stands in the order of time."""
        return f"{timestamp(self.fired_at)}#{self.firing_id}"
