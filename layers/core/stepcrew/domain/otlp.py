"""A trace as OTLP/HTTP JSON, with the names of OpenTelemetry's conventions for generative AI. `otlp_protobuf` makes
protobuf of it.

The names are those of one version (`SCHEMA_URL`), and given here only: the trace itself has ours. Bodies (prompts,
answers, arguments) are not part of it. Sources: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding,
https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from stepcrew.domain.event_grammar import Phase, grammar_of
from stepcrew.domain.execution import Execution, Status
from stepcrew.domain.models import parse_model_name
from stepcrew.domain.trace import TraceEvent
from stepcrew.domain.trace_context import parent_of, span_id_of, trace_id_of

SCHEMA_URL = "https://opentelemetry.io/schemas/1.44.0"
OPERATIONS = {"llm_call": "chat", "tool_usage": "execute_tool", "agent_execution": "invoke_agent"}
"""The conventions' operations, by our kinds; other kinds have no names there."""
PROVIDERS = {"openai": "openai", "anthropic": "anthropic", "bedrock": "aws.bedrock"}
USAGE = {
    "gen_ai.usage.input_tokens": "prompt_tokens",
    "gen_ai.usage.output_tokens": "completion_tokens",
    "gen_ai.usage.cache_read.input_tokens": "cached_prompt_tokens",
    "gen_ai.usage.reasoning.output_tokens": "reasoning_tokens",
}
MOST_MESSAGE = 1_000
PROTOBUF = "application/x-protobuf"
_INTERNAL, _CLIENT = 1, 3
_ERROR = 2
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")

Json = dict[str, Any]


def otlp_of(execution: Execution, events: Iterable[TraceEvent]) -> Json:
    """The body of a request to `/v1/traces` of a collector: one trace, whose first span is the execution. Of the same
    events the same comes out, ids included. Calls that were answered from the journal are left out: the attempt that
    made them has told them."""
    return _request(execution, _spans(execution, list(events)))


def otlp_batches(
    execution: Execution, events: Iterable[TraceEvent], most: int, *, only_finished: bool
) -> Iterator[tuple[Json, int]]:
    """The same in requests of at most so many spans, each with its number of spans. With `only_finished`, without the
    execution's own span and those that have not ended: nothing that comes later changes the others."""
    spans = _spans(execution, list(events), only_finished=only_finished)
    for start in range(0, len(spans), most):
        batch = spans[start : start + most]
        yield _request(execution, batch), len(batch)


def _request(execution: Execution, spans: list[Json]) -> Json:
    resource = {"service.name": "stepcrew", "stepcrew.group_id": execution.group_id}
    scope = {"scope": {"name": "stepcrew"}, "spans": spans, "schemaUrl": SCHEMA_URL}
    return {
        "resourceSpans": [
            {"resource": {"attributes": _attributes(resource)}, "scopeSpans": [scope], "schemaUrl": SCHEMA_URL}
        ]
    }


def _spans(execution: Execution, found: list[TraceEvent], *, only_finished: bool = False) -> list[Json]:
    """The execution's span comes first."""
    spans: list[Json] = []
    ends = {(event.attempt, event.started_sequence): event for event in found if event.started_sequence is not None}
    last = {event.attempt: event.emitted_at for event in found}
    points: dict[tuple[int, int | None], list[Json]] = {}
    for event in found:
        grammar = grammar_of(event)
        if grammar.phase is Phase.POINT or (grammar.phase is Phase.END and grammar.pairs_with is None):
            points.setdefault((event.attempt, event.parent_sequence), []).append(_point(event))
    for event in found:
        end = ends.get((event.attempt, event.sequence))
        if grammar_of(event).phase is not Phase.START or _is_replayed_call(event, end) or (only_finished and not end):
            continue
        span = _span(execution, event, end, end.emitted_at if end else last[event.attempt])
        spans.append({**span, "events": points.pop((event.attempt, event.sequence), [])})
    if only_finished:
        return spans
    return [{**_root(execution, found), "events": [point for those in points.values() for point in those]}, *spans]


def _root(execution: Execution, events: list[TraceEvent]) -> Json:
    latest = max((event.emitted_at for event in events), default=execution.updated_at)
    failed = execution.status is Status.FAILED
    facts = {
        "gen_ai.operation.name": "invoke_workflow",
        "gen_ai.workflow.name": execution.name,
        "stepcrew.execution_id": execution.execution_id,
        "stepcrew.status": execution.status.value,
        "stepcrew.attempts": execution.attempt,
        "stepcrew.source": execution.source,
        "stepcrew.cost_usd": None if execution.usage.cost_usd is None else float(execution.usage.cost_usd),
        "error.type": execution.error.type if failed and execution.error else None,
    }
    return {
        "traceId": trace_id_of(execution),
        "spanId": span_id_of(execution),
        **({"parentSpanId": parent} if (parent := parent_of(execution)) else {}),
        "name": f"invoke_workflow {execution.name}",
        "kind": _INTERNAL,
        "startTimeUnixNano": _nanoseconds(execution.created_at),
        "endTimeUnixNano": _nanoseconds(execution.ended_at or latest),
        "attributes": _attributes(facts),
        "status": _status(failed, execution.error.message if execution.error else ""),
    }


def _span(execution: Execution, start: TraceEvent, end: TraceEvent | None, ended_at: datetime) -> Json:
    kind, failed = grammar_of(start).kind, end is not None and grammar_of(end).failed
    facts = _common(start) | {"stepcrew.unfinished": None if end else True, "error.type": "_OTHER" if failed else None}
    name = start.task_name or start.event_context if kind == "task" else start.event_context
    if operation := OPERATIONS.get(kind):
        facts |= {"gen_ai.operation.name": operation} | _of_operation(operation, start, end)
        subject = {"chat": "gen_ai.request.model", "execute_tool": "gen_ai.tool.name"}.get(operation)
        name = str(facts.get(subject) or name) if subject else start.agent_role or name
    parent = f"{start.attempt}.{start.parent_sequence}" if start.parent_sequence is not None else "execution"
    message = end.output if end and failed and isinstance(end.output, str) else ""
    return {
        "traceId": trace_id_of(execution),
        "spanId": span_id_of(execution, f"{start.attempt}.{start.sequence}"),
        "parentSpanId": span_id_of(execution, parent),
        "name": f"{OPERATIONS.get(kind, kind)} {name}".strip(),
        "kind": _CLIENT if kind == "llm_call" else _INTERNAL,
        "startTimeUnixNano": _nanoseconds(start.emitted_at),
        "endTimeUnixNano": _nanoseconds(max(start.emitted_at, ended_at)),
        "attributes": _attributes(facts),
        "status": _status(failed, message),
    }


def _of_operation(operation: str, start: TraceEvent, end: TraceEvent | None) -> Json:
    told: Mapping[str, Any] = {**start.extra_data, **(end.extra_data if end else {})}
    if operation == "execute_tool":
        return {"gen_ai.tool.name": told.get("tool_name"), "gen_ai.tool.type": "function"}
    if operation != "chat":
        return {}
    model = str(told.get("model") or start.event_context)
    known, finish = parse_model_name(model), told.get("finish_reason")
    usage = cast("Mapping[str, Any]", told.get("usage") or {})
    return {
        "gen_ai.request.model": known.model if known else model,
        "gen_ai.provider.name": PROVIDERS[known.provider] if known else None,
        "gen_ai.request.temperature": told.get("temperature"),
        "gen_ai.response.finish_reasons": [finish] if finish else None,
        "stepcrew.cost_usd": told.get("cost_usd"),
        **{name: usage.get(ours) for name, ours in USAGE.items()},
    }


def _point(event: TraceEvent) -> Json:
    return {
        "timeUnixNano": _nanoseconds(event.emitted_at),
        "name": event.event_type,
        "attributes": _attributes(_common(event)),
    }


def _common(event: TraceEvent) -> Json:
    return {
        "stepcrew.event": f"{event.attempt}.{event.sequence}",
        "stepcrew.attempt": event.attempt,
        "stepcrew.task": event.task_name,
        "gen_ai.agent.name": event.agent_role,
        "stepcrew.replayed": True if event.trace_metadata.get("replayed") else None,
    }


def _is_replayed_call(start: TraceEvent, end: TraceEvent | None) -> bool:
    told = {**start.trace_metadata, **(end.trace_metadata if end else {})}
    return bool(told.get("replayed")) and grammar_of(start).kind in ("llm_call", "tool_usage")


def _attributes(facts: Mapping[str, Any]) -> list[Json]:
    """Those that are known."""
    return [{"key": key, "value": _value(value)} for key, value in facts.items() if value is not None]


def _value(value: Any) -> Json:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(one) for one in cast("list[Any]", value)]}}
    return {"stringValue": str(value)}


def _status(failed: bool, message: str) -> Json:
    return {"code": _ERROR, "message": message[:MOST_MESSAGE]} if failed else {}


def _nanoseconds(moment: datetime) -> str:
    return str((moment - _EPOCH) // timedelta(microseconds=1) * 1000)
