"""What the table's stream tells about executions and batches.

The event source mapping passes on only records that began to wait for a person or ended, and the finished tasks and
steps that callbacks are told of. A record that was changed in another way, or removed, is nothing to announce, so it is
left out here as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError

from stepcrew.aws.items import values
from stepcrew.aws.keys import BATCH_OF_ROWS, of_execution
from stepcrew.aws.trace_items import TOLD_TO
from stepcrew.domain.announcement import Announcement, step_told, task_told
from stepcrew.domain.batch import Batch
from stepcrew.domain.execution import Execution, Status, TaskOutput
from stepcrew.domain.trace import TraceEvent


def changes_in(event: dict[str, Any], unreadable: Callable[[dict[str, Any]], None]) -> Iterator[Execution | Batch]:
    """The records as they were stored with their new status, in order; those that cannot be read are handed to
    `unreadable`. Raises KeyError for what is no event of a stream."""
    for record in event["Records"]:
        new, old = record["dynamodb"].get("NewImage"), record["dynamodb"].get("OldImage", {})
        if not new or new.get("status") == old.get("status"):
            continue
        try:
            stored = values(new)
            changed = (Batch if stored.get("SK") == BATCH_OF_ROWS else Execution).model_validate(stored)
        except ValidationError:  # of another version, or changed by hand
            unreadable(record)
            continue
        if changed.status.is_terminal or changed.status is Status.WAITING:
            yield changed


def work_in(event: dict[str, Any], unreadable: Callable[[dict[str, Any]], None]) -> Iterator[Announcement]:
    """The tasks and steps that callbacks are told of, in order. Raises as `changes_in` does."""
    for record in event["Records"]:
        new = record["dynamodb"].get("NewImage")
        if not new or TOLD_TO not in new:
            continue
        try:
            stored = values(new)
            if stored[TOLD_TO] == "step":
                yield step_told(TraceEvent.model_validate_json(stored["document"]))
                continue
            output = TaskOutput.model_validate_json(stored["document"])
        except ValidationError:  # of another version, or changed by hand
            unreadable(record)
            continue
        if output.ended_at:
            yield task_told(*of_execution(stored["PK"]), output, output.ended_at)
