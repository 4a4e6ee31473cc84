"""A trace as OTLP/HTTP protobuf, which every receiver takes; some refuse JSON. It is made of the JSON of `otlp`, for
there is one mapping. Needs protobuf, which not every function has.
https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specify-protocol
"""

from __future__ import annotations

from base64 import b64encode

from google.protobuf.json_format import Parse
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


def protobuf_of(otlp_json: bytes) -> bytes:
    """Of the same JSON the same comes out."""
    request = Parse(otlp_json, ExportTraceServiceRequest())
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                span.trace_id, span.span_id = _id(span.trace_id), _id(span.span_id)
                span.parent_span_id = _id(span.parent_span_id)
    return request.SerializeToString(deterministic=True)


def rejected_in(answer: bytes) -> tuple[int, str]:
    """How many spans a collector that took the request left out, and what it says of it. An answer that is something
    else left out none."""
    try:
        told = ExportTraceServiceResponse.FromString(answer).partial_success
    except DecodeError:
        return 0, ""
    return told.rejected_spans, told.error_message


def _id(read: bytes) -> bytes:
    """In OTLP's JSON an id is hexadecimal; protobuf's own reading took the digits for base64.
    https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding"""
    return bytes.fromhex(b64encode(read).decode())
