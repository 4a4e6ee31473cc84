"""What a new object of the inbox starts: the crews of the triggers that match it, or the request it holds itself."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, NamedTuple, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from stepcrew.domain.errors import CrewNotFound, Fault, InvalidRequest
from stepcrew.domain.execution import Limits
from stepcrew.domain.membership import is_group_id
from stepcrew.domain.trigger import (
    MOST_CONTENT_BYTES,
    REQUESTS,
    Cause,
    Firing,
    FiringStatus,
    Trigger,
    TriggerKind,
    firing_id_of,
)
from stepcrew.domain.yaml_text import read_yaml
from stepcrew.services.fire_trigger import FireTrigger
from stepcrew.services.ports import Clock, Inbox, TriggerStore
from stepcrew.services.submit_execution import CrewSubmission, SubmitExecution

REQUEST_ENDINGS = (".json", ".yaml", ".yml")


class NewObject(NamedTuple):
    """An object of the inbox, `size` in bytes. `version` tells it from others of the same key; `stored_version` is S3's
    own id of it, where the bucket keeps versions."""

    bucket: str
    key: str
    size: int
    version: str
    stored_version: str | None = None

    @property
    def group_id(self) -> str:
        return self.key.partition("/")[0]

    @property
    def inner_key(self) -> str:
        return self.key.partition("/")[2]


class RequestObject(BaseModel):
    """An object that is itself a request, as POST /executions takes it."""

    model_config = ConfigDict(extra="forbid")

    config: dict[str, Any] | None = None
    crew: str | None = None
    inputs: dict[str, Any] | None = None
    name: str | None = None
    limits: Limits | None = None
    job_type: str | None = None


class TakeObject:
    """Every call may be repeated. Faults of the object end in FAILED firings of the triggers that match it, or of the
    built-in one, `inbox`, for objects that are requests; only faults of the platform are raised."""

    def __init__(
        self, triggers: TriggerStore, fire: FireTrigger, submit: SubmitExecution, inbox: Inbox, clock: Clock
    ) -> None:
        self._triggers = triggers
        self._fire = fire
        self._submit = submit
        self._inbox = inbox
        self._clock = clock

    def __call__(self, found: NewObject) -> list[Firing]:
        """The firings; none for an object that no trigger matches and that is no request."""
        if not is_group_id(found.group_id) or not found.inner_key or found.inner_key.endswith("/"):
            return []
        group_id = found.group_id
        matching = [
            trigger
            for trigger in self._triggers.triggers(group_id)
            if trigger.object and trigger.object.matches(found.inner_key)
        ]
        if matching:
            return [self._fired(group_id, trigger, found) for trigger in matching]
        if found.inner_key.endswith(REQUEST_ENDINGS):
            return [self._request(group_id, found)]
        return []

    def _fired(self, group_id: str, trigger: Trigger, found: NewObject) -> Firing:
        assert trigger.object
        cause = Cause(key=_key(found), document=_about(found))
        if trigger.enabled and trigger.object.contents != "none":
            try:
                cause.document |= self._contents(found, trigger.object.contents)
            except InvalidRequest as error:
                return self._fire.failed(group_id, trigger.name, cause, error)
        return self._fire(group_id, trigger, cause).firing

    def _contents(self, found: NewObject, kind: str) -> dict[str, Any]:
        text = self._text(found)
        if kind == "text":
            return {"text": text}
        if kind == "json":
            return {"json": _json(text)}
        return {"rows": _rows(found.inner_key, text)}

    def _text(self, found: NewObject) -> str:
        """Raises `InvalidRequest` for an object that is gone, too large, or no UTF-8 text."""
        body = self._inbox.read(found.key, found.stored_version, MOST_CONTENT_BYTES)
        if body is None:
            raise InvalidRequest("The object was removed before it could be read.")
        if len(body) > MOST_CONTENT_BYTES:
            raise InvalidRequest(f"The object is larger than {MOST_CONTENT_BYTES:,} bytes.")
        try:
            return body.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidRequest("The object is no UTF-8 text.") from error

    def _request(self, group_id: str, found: NewObject) -> Firing:
        cause = Cause(key=_key(found), document=_about(found))
        known = self._triggers.firing(group_id, REQUESTS, firing_id_of(REQUESTS, cause.key))
        if known:
            return known
        try:
            request = _request_in(found.inner_key, self._text(found))
            accepted = self._submit(
                CrewSubmission(
                    group_id=group_id,
                    submitted_by=f"s3://{found.bucket}/{found.key}",
                    config=request.config,
                    inputs=request.inputs,
                    name=request.name,
                    limits=request.limits,
                    crew=request.crew,
                    idempotency_key=f"trigger/{firing_id_of(REQUESTS, cause.key)}",
                    source=TriggerKind.OBJECT.value,
                    triggered_by=[REQUESTS],
                )
            )
        except (InvalidRequest, CrewNotFound) as error:
            return self._fire.failed(group_id, REQUESTS, cause, error)
        firing = Firing(
            firing_id=firing_id_of(REQUESTS, cause.key),
            trigger=REQUESTS,
            cause=cause.key,
            status=FiringStatus.STARTED,
            fired_at=self._clock.now(),
            started=1,
            execution_ids=[accepted.execution.execution_id],
        )
        self._triggers.save_firing(group_id, firing, cause)
        return firing


def _about(found: NewObject) -> dict[str, Any]:
    name = found.inner_key.rpartition("/")[2]
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    return {"bucket": found.bucket, "key": found.key, "name": name, "size": found.size, "type": ending}


def _key(found: NewObject) -> str:
    return f"s3://{found.bucket}/{found.key}?version={found.version}"


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"The object is no JSON: {error}.") from error


def _rows(key: str, text: str) -> list[Any]:
    """The rows of a CSV object (each a mapping by its first line), else one JSON value a line."""
    if key.lower().endswith(".csv"):
        try:
            return [dict(row) for row in csv.DictReader(io.StringIO(text), strict=True, restkey="_more")]
        except csv.Error as error:
            raise InvalidRequest(f"The object is no CSV: {error}.") from error
    rows: list[Any] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            rows.append(json.loads(line))
        except (ValueError, RecursionError) as error:
            raise InvalidRequest(f"Line {number} of the object is no JSON: {error}.") from error
    return rows


def _request_in(key: str, text: str) -> RequestObject:
    if key.endswith(".json"):
        document = _json(text)
    else:
        parsed = read_yaml(text, "")
        if parsed.faults:
            raise InvalidRequest(parsed.faults[0].detail, parsed.faults)
        document = parsed.value
    if not isinstance(document, dict):
        raise InvalidRequest("A request must be an object (a mapping).")
    try:
        request = RequestObject.model_validate(cast("dict[str, Any]", document))
    except ValidationError as error:
        faults = [
            Fault(pointer="".join(f"/{step}" for step in one["loc"]), code=one["type"], detail=one["msg"])
            for one in error.errors()
        ]
        raise InvalidRequest(f"The object is no request: {faults[0].detail} ({faults[0].pointer}).", faults) from error
    if (request.config is None) == (request.crew is None):
        raise InvalidRequest("A request has either config or crew.")
    return request
