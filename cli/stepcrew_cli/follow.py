"""Following one execution: its record and its new trace events, until it ended and the trace is complete."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from stepcrew_cli.client import Client
from stepcrew_cli.wire import Execution, Gap, TraceEvent

FIRST_DELAY = 0.3
MAX_DELAY = 5.0
TRACE_GRACE_SECONDS = 30.0
"""How long the last events may stay away after the end before following ends without them."""


@dataclass(frozen=True)
class Clock:
    now: Callable[[], float] = field(default=time.monotonic)
    sleep: Callable[[float], None] = field(default=time.sleep)


@dataclass(frozen=True)
class Update:
    """What one look brought. `events` are new ones only, in order; `gaps` names events that are missing so far."""

    execution: Execution
    events: list[TraceEvent]
    gaps: list[Gap]
    complete: bool


def follow(client: Client, execution_id: str, after: str | None = None, clock: Clock | None = None) -> Iterator[Update]:
    """Looks again and again, slower while nothing happens, never sooner than the server's Retry-After asks.

    The record is read before the trace, so an ended record is never shown ahead of the events that led to it.
    """
    clock = clock or Clock()
    etag: str | None = None
    execution: Execution | None = None
    ended_at: float | None = None
    delay = FIRST_DELAY
    asked_delay = 0.0
    while True:
        answer = client.execution_if_changed(execution_id, etag, wait=0)
        if answer is not None:
            execution, etag = answer.read(Execution), answer.etag
            asked_delay = answer.retry_after or 0.0
        assert execution is not None
        events: list[TraceEvent] = []
        page = None
        for page in client.trace_pages(execution_id, after):
            events.extend(page.events)
            after = page.cursor
        assert page is not None
        complete = page.complete and execution.ended
        if answer is not None or events or complete:
            yield Update(execution, events, page.gaps, complete)
            delay = FIRST_DELAY
        else:
            delay = min(MAX_DELAY, delay * 1.5)
        if complete:
            return
        if execution.ended:
            ended_at = clock.now() if ended_at is None else ended_at
            if clock.now() - ended_at > TRACE_GRACE_SECONDS:
                yield Update(execution, [], page.gaps, False)
                return
            asked_delay = 0.0
        clock.sleep(max(delay, min(asked_delay, MAX_DELAY)))
