"""The same trace in both forms."""

from __future__ import annotations

from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from tests.aws_table import execution
from tests.unit.domain.test_otlp import event, facts, story

from stepcrew.domain.otlp import Json, otlp_of
from stepcrew.domain.otlp_protobuf import protobuf_of
from stepcrew.services.export_trace import otlp_json


def both(request: Json) -> tuple[Json, ExportTraceServiceRequest]:
    return request, ExportTraceServiceRequest.FromString(protobuf_of(otlp_json(request)))


def plain(value: AnyValue) -> Any:
    return getattr(value, value.WhichOneof("value") or "")


def test_protobuf_says_what_the_json_says() -> None:
    parents = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    written, read = both(otlp_of(execution().model_copy(update=parents), story()))
    [resource], [found] = written["resourceSpans"], read.resource_spans
    assert (found.schema_url, found.scope_spans[0].scope.name) == (resource["schemaUrl"], "stepcrew")
    spans, decoded = resource["scopeSpans"][0]["spans"], found.scope_spans[0].spans
    assert len(spans) == len(decoded) == 5
    assert decoded[0].trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    for span, one in zip(spans, decoded, strict=True):
        ids = (one.trace_id.hex(), one.span_id.hex(), one.parent_span_id.hex())
        assert ids == (span["traceId"], span["spanId"], span["parentSpanId"])
        assert (one.name, int(one.kind), str(one.end_time_unix_nano)) == (
            *(span["name"], span["kind"], span["endTimeUnixNano"]),
        )
        told = {
            fact.key: plain(fact.value) for fact in one.attributes if fact.value.WhichOneof("value") != "array_value"
        }
        expected = {key: value for key, value in facts(span).items() if not isinstance(value, dict)}
        assert {key: str(value) for key, value in told.items()} == {key: str(value) for key, value in expected.items()}
        assert [point.name for point in one.events] == [point["name"] for point in span["events"]]
    assert [int(one.status.code) for one in decoded] == [0, 0, 0, 0, 2]


def test_a_trace_without_a_caller_has_no_parent_and_half_characters_do_no_harm() -> None:
    _, read = both(otlp_of(execution(), [event(1, "task_started", "task", event_context="half \ud83d")]))
    root, task = read.resource_spans[0].scope_spans[0].spans
    assert root.parent_span_id == b""
    assert task.parent_span_id == root.span_id
    assert task.name == "task half ?"
