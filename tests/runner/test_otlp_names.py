"""The export against OpenTelemetry's own packages, which the runner's environment has."""

# What protobuf generates has no types, and the names for generative AI are in a package that begins with an underscore.
# pyright: basic

from __future__ import annotations

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.semconv.schemas import Schemas

from stepcrew.domain import otlp
from tests.aws_table import execution
from tests.unit.domain.test_otlp import story


def test_every_name_is_one_of_the_pinned_version() -> None:
    known = {value for name, value in vars(gen_ai_attributes).items() if name.startswith("GEN_AI_")}
    exported = otlp.otlp_of(execution(), story())["resourceSpans"][0]["scopeSpans"][0]["spans"]
    used = {one["key"] for span in exported for one in span["attributes"] if one["key"].startswith("gen_ai.")}
    assert used <= known
    assert otlp.SCHEMA_URL in {one.value for one in Schemas}
    operations = {one.value for one in gen_ai_attributes.GenAiOperationNameValues}
    assert {*otlp.OPERATIONS.values(), "invoke_workflow"} <= operations
    assert set(otlp.PROVIDERS.values()) <= {one.value for one in gen_ai_attributes.GenAiProviderNameValues}


def test_a_collector_can_read_it() -> None:
    request = ParseDict(otlp.otlp_of(execution(), story()), ExportTraceServiceRequest())
    assert len(request.resource_spans[0].scope_spans[0].spans) == 5
    for body, count in otlp.otlp_batches(execution(), story(), 2, only_finished=True):
        assert len(ParseDict(body, ExportTraceServiceRequest()).resource_spans[0].scope_spans[0].spans) == count
