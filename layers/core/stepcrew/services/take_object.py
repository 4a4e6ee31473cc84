"""What a new object of the inbox starts: the crews of the triggers that match it, or the request it holds itself."""

from __future__ import annotations

import logging
from typing import Any, NamedTuple

from stepcrew.domain.errors import InvalidRequest
from stepcrew.domain.files import MOST_FILE_BYTES
from stepcrew.domain.membership import is_group_id
from stepcrew.domain.row_texts import rows_of, text_of
from stepcrew.domain.trigger import (
    BATCH_FOLDER,
    MOST_CONTENT_BYTES,
    REQUESTS,
    Cause,
    Firing,
    FiringStatus,
    Trigger,
    firing_id_of,
)
from stepcrew.services.fire_trigger import FireTrigger
from stepcrew.services.keep_files import KeepFiles
from stepcrew.services.request_object import REQUEST_ENDINGS, parsed_json, parsed_request
from stepcrew.services.trigger_ports import Inbox, TriggerStore

logger = logging.getLogger(__name__)


class NewObject(NamedTuple):
    """An object of the inbox, `size` in bytes. `version` tells it from others of the same key; `stored_version` is S3's
    own id of it, where the bucket keeps versions; `etag` stands for its bytes."""

    bucket: str
    key: str
    size: int
    version: str
    stored_version: str | None = None
    etag: str = ""

    @property
    def group_id(self) -> str:
        return self.key.partition("/")[0]

    @property
    def inner_key(self) -> str:
        return self.key.partition("/")[2]

    @property
    def name(self) -> str:
        return self.key.rpartition("/")[2]


class TakeObject:
    """Every call may be repeated. Faults of the object end in FAILED firings of the triggers that match it, or of the
    built-in one, `inbox`, for objects that are requests; only faults of the platform are raised."""

    def __init__(self, triggers: TriggerStore, fire: FireTrigger, inbox: Inbox, files: KeepFiles) -> None:
        self._triggers = triggers
        self._fire = fire
        self._inbox = inbox
        self._files = files

    def __call__(self, found: NewObject) -> list[Firing]:
        """The firings; none for an object that no trigger matches and that is no request."""
        if not is_group_id(found.group_id) or not found.inner_key or found.inner_key.endswith("/"):
            return []
        if found.inner_key.startswith(BATCH_FOLDER):
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
            return [self._fired(group_id, None, found)]
        logger.info("No trigger matches the object", extra={"group_id": group_id, "key": found.key})
        return []

    def _fired(self, group_id: str, trigger: Trigger | None, found: NewObject) -> Firing:
        """`trigger` is None for an object that is a request itself."""
        cause = Cause(key=_key(found), document=_about(found))
        name = trigger.name if trigger else REQUESTS
        known = self._triggers.firing(group_id, name, firing_id_of(name, cause.key))
        if known and known.status is not FiringStatus.DEFERRED:
            return known
        contents = trigger.object.contents if trigger and trigger.object else "request"
        if contents != "none":
            try:
                cause.document |= self._contents(found, contents, trigger.made_by if trigger else None)
            except InvalidRequest as error:
                cause.unreadable, cause.faults = error.message, error.faults
        return self._fire(group_id, trigger, cause).firing

    def _contents(self, found: NewObject, kind: str, by: str | None) -> dict[str, Any]:
        """Raises `InvalidRequest`."""
        if kind == "file":
            self._files.take(found.group_id, found.name, self._body(found, MOST_FILE_BYTES), by)
            return {"file": {"file": found.name}}
        text = self._text(found)
        if kind == "text":
            return {"text": text}
        if kind == "json":
            return {"json": parsed_json(text)}
        if kind == "request":
            return {"request": parsed_request(found.inner_key, text)}
        return {"rows": rows_of(found.inner_key, text)}

    def _text(self, found: NewObject) -> str:
        """Raises `InvalidRequest` also for one that is too large, or no UTF-8 text."""
        return text_of(self._body(found, MOST_CONTENT_BYTES), MOST_CONTENT_BYTES)

    def _body(self, found: NewObject, most: int) -> bytes:
        """At most `most` + 1 bytes. Raises `InvalidRequest` for an object that is gone or another one by now."""
        body = self._inbox.read(found.key, found.stored_version, found.etag, most)
        if body is None:
            raise InvalidRequest("The object was removed or replaced before it could be read.")
        return body


def _about(found: NewObject) -> dict[str, Any]:
    ending = found.name.rpartition(".")[2].lower() if "." in found.name else ""
    return {"bucket": found.bucket, "key": found.key, "name": found.name, "size": found.size, "type": ending}


def _key(found: NewObject) -> str:
    return f"s3://{found.bucket}/{found.key}?version={found.version}"
