"""How trace events lie in the table: each beside its execution, and a marker for each batch that was counted."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any

from stepcrew.aws import keys
from stepcrew.aws.items import item
from stepcrew.domain.callback import is_step
from stepcrew.domain.trace import TraceEvent

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


TOLD_TO = "callback"
"""The attribute of an item that the announcer tells a callback of: its kind. The table's stream is filtered by it."""


def event_entry(
    common: dict[str, Any], event: TraceEvent, recorded_at: datetime, callbacks: Collection[str] = ()
) -> dict[str, Any]:
    """`callbacks` are the kinds that its execution has."""
    document = event.model_copy(update={"recorded_at": recorded_at}).model_dump_json(exclude_defaults=True)
    told = {TOLD_TO: "step"} if "step" in callbacks and is_step(event) else {}
    return {**common, **told, "SK": keys.trace(event.attempt, event.sequence), "document": document}


def marker_entry(common: dict[str, Any], events: list[TraceEvent]) -> dict[str, Any]:
    attempt, first, last = events[0].attempt, events[0].sequence, events[-1].sequence
    return {**common, "SK": keys.batch(attempt, first), "attempt": attempt, "first": first, "last": last}


def recorded_at_once(table: str, event: TraceEvent, now: datetime, expires_at: int) -> list[TransactWriteItemTypeDef]:
    """One event and its marker, to be written together with the record that counts it."""
    common = {"PK": keys.execution(event.group_id, event.execution_id), "expires_at": expires_at}
    entries = [event_entry(common, event, now), marker_entry(common, [event])]
    return [{"Put": {"TableName": table, "Item": item(entry)}} for entry in entries]
