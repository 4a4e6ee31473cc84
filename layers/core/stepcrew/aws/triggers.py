"""Triggers and their firings in the table; a firing's cause by claim check where it is large."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from stepcrew.aws import keys, paths
from stepcrew.aws.clients import Clients
from stepcrew.aws.documents import INLINE_BYTES
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import plain, values
from stepcrew.aws.logbook import Logbook
from stepcrew.aws.objects import read_object
from stepcrew.aws.records import Records
from stepcrew.domain.trigger import Cause, Firing, Trigger


class TableTriggers:
    """`TriggerStore` over DynamoDB and the bucket."""

    def __init__(self, clients: Clients, table: str, bucket: str, retention_days: int) -> None:
        self._clients = clients
        self._bucket = bucket
        self._records = Records(clients, table)
        self._logbook = Logbook(clients, table)
        self._retention = timedelta(days=retention_days)

    def save(self, group_id: str, trigger: Trigger, *, seen: int | None) -> bool:
        fields = {**plain(trigger), "PK": keys.group(group_id), "SK": keys.trigger(trigger.name)}
        return self._logbook.put(fields, "revision", seen, "Storing the trigger")

    def trigger(self, group_id: str, name: str) -> Trigger | None:
        found = self._records.item(keys.group(group_id), keys.trigger(name))
        return Trigger.model_validate(values(found)) if found else None

    def triggers(self, group_id: str) -> list[Trigger]:
        known = {":key": keys.group(group_id), ":prefix": keys.TRIGGER_PREFIX}
        found = self._records.found("Listing the triggers", "PK = :key AND begins_with(SK, :prefix)", known)
        return [Trigger.model_validate(values(entry)) for entry in found]

    def delete(self, group_id: str, name: str, *, seen: int | None = None) -> None:
        self._logbook.delete(
            keys.group(group_id),
            keys.trigger(name),
            keys.firings(group_id, name),
            "Deleting the trigger",
            None if seen is None else ("revision", seen),
        )

    def save_firing(self, group_id: str, firing: Firing, cause: Cause, *, seen: int | None) -> bool:
        document = cause.model_dump_json()
        stored: dict[str, Any] = {"document": document}
        if len(document.encode()) > INLINE_BYTES:
            key = paths.firing_document(group_id, firing.trigger, firing.firing_id)
            if seen is None:
                with platform_errors("Storing what made a trigger fire"):
                    self._clients.s3.put_object(Bucket=self._bucket, Key=key, Body=document.encode())
            stored = {"document_key": key}
        entry = {
            **plain(firing),
            **stored,
            "PK": keys.firings(group_id, firing.trigger),
            "SK": keys.firing(firing.firing_id),
            "group_key": keys.firings(group_id, firing.trigger),
            "group_sort": firing.place,
            "expires_at": int((firing.fired_at + self._retention).timestamp()),
        }
        return self._logbook.put(entry, "turn", seen, "Storing the firing")

    def firing(self, group_id: str, trigger: str, firing_id: str) -> Firing | None:
        found = self._records.item(keys.firings(group_id, trigger), keys.firing(firing_id))
        return Firing.model_validate(values(found)) if found else None

    def firings(self, group_id: str, trigger: str, *, before: str | None, limit: int) -> list[Firing]:
        found = self._logbook.newest(
            keys.firings(group_id, trigger), before=before, limit=limit, doing="Listing the firings"
        )
        return [Firing.model_validate(values(entry)) for entry in found]

    def cause(self, group_id: str, trigger: str, firing_id: str) -> Cause | None:
        found = self._records.item(keys.firings(group_id, trigger), keys.firing(firing_id))
        if found is None:
            return None
        entry = values(found)
        if "document" in entry:
            return Cause.model_validate_json(entry["document"])
        doing = "Reading what made a trigger fire"
        document = read_object(self._clients.s3, self._bucket, entry["document_key"], doing)
        return None if document is None else Cause.model_validate_json(document)
