"""A whole trace for other systems."""

from __future__ import annotations

from stepcrew.domain.canonical import canonical_json
from stepcrew.domain.exporting import TracePart
from stepcrew.domain.otlp import Json, otlp_of
from stepcrew.domain.trace import TraceEvent
from stepcrew.services.ports import ExecutionStore, TraceStore

_AT_ONCE = 1_000


def export_trace(executions: ExecutionStore, traces: TraceStore, group_id: str, execution_id: str) -> bytes:
    """As OTLP/HTTP JSON, of what is recorded by now. Raises `ExecutionNotFound`."""
    execution = executions.get(group_id, execution_id)
    events = recorded_events(traces, group_id, execution_id)
    return otlp_json(otlp_of(execution, events))


def otlp_json(request: Json) -> bytes:
    return canonical_json(request).encode(errors="replace")


def recorded_events(
    traces: TraceStore, group_id: str, execution_id: str, part: TracePart | None = None
) -> list[TraceEvent]:
    """All that are recorded by now, or those of a part, in order."""
    events: list[TraceEvent] = []
    after = (part.attempt, part.first - 1) if part else (0, 0)
    most = part.last - part.first + 1 if part else None
    while most is None or len(events) < most:
        wanted = _AT_ONCE if most is None else min(_AT_ONCE, most - len(events))
        found = traces.events(group_id, execution_id, after=after, limit=wanted)
        events += found
        if len(found) < wanted:
            break
        after = (found[-1].attempt, found[-1].sequence)
    return [event for event in events if part is None or (event.attempt, event.sequence) <= (part.attempt, part.last)]
