"""A whole trace for other systems."""

from __future__ import annotations

from stepcrew.domain.canonical import canonical_json
from stepcrew.domain.otlp import Json, otlp_of
from stepcrew.services.ports import ExecutionStore, TraceStore
from stepcrew.services.read_trace import recorded_events


def export_trace(executions: ExecutionStore, traces: TraceStore, group_id: str, execution_id: str) -> bytes:
    """As OTLP/HTTP JSON, of what is recorded by now. Raises `ExecutionNotFound`."""
    execution = executions.get(group_id, execution_id)
    events = recorded_events(traces, group_id, execution_id)
    return otlp_json(otlp_of(execution, events))


def otlp_json(request: Json) -> bytes:
    return canonical_json(request).encode(errors="replace")
