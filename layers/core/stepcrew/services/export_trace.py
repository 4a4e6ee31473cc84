"""A whole trace for other systems."""

from __future__ import annotations

from stepcrew.domain.canonical import canonical_json
from stepcrew.domain.otlp import otlp_of
from stepcrew.domain.trace import TraceEvent
from stepcrew.services.ports import ExecutionStore, TraceStore

_AT_ONCE = 1_000


def export_trace(executions: ExecutionStore, traces: TraceStore, group_id: str, execution_id: str) -> bytes:
    """As OTLP/HTTP JSON, of what is recorded by now. Raises `ExecutionNotFound`."""
    execution = executions.get(group_id, execution_id)
    events: list[TraceEvent] = []
    while True:
        after = (events[-1].attempt, events[-1].sequence) if events else (0, 0)
        found = traces.events(group_id, execution_id, after=after, limit=_AT_ONCE)
        events += found
        if len(found) < _AT_ONCE:
            return canonical_json(otlp_of(execution, events)).encode(errors="replace")
