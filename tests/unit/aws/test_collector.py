"""What a collector is sent over a real socket, and how its answers are read."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Callable
from datetime import timedelta

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from tests.aws_table import NOW, emulated_aws, execution
from tests.unit.aws.test_http_poster import receiver
from tests.unit.domain.test_otlp import story
from tests.unit.services.reconciling import MovableClock

from stepcrew.aws.collector import OtlpCollector, seconds_until
from stepcrew.domain.exporting import CollectorAnswer
from stepcrew.domain.otlp import otlp_of
from stepcrew.services.export_trace import otlp_json

PREFIX = "/stepcrew/test"
TRACE = otlp_json(otlp_of(execution(), story()))


def answering(status: bytes, body: bytes = b"", *headers: bytes, seen: list[bytes]) -> Callable[[socket.socket], None]:
    def behave(connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(10_000)
        head, _, content = request.partition(b"\r\n\r\n")
        [length] = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        while len(content) < length:
            content += connection.recv(10_000)
        seen.append(head + b"\r\n\r\n" + content)
        told = [b"HTTP/1.1 " + status, b"content-length: %d" % len(body), *headers]
        connection.sendall(b"\r\n".join(told) + b"\r\n\r\n" + body)

    return behave


def asked(status: bytes, body: bytes = b"", *headers: bytes) -> CollectorAnswer:
    with emulated_aws() as aws, receiver(answering(status, body, *headers, seen=[])) as url:
        return OtlpCollector(aws.clients, PREFIX, url, MovableClock(NOW)).post(TRACE)


def test_a_request_is_packed_protobuf_with_the_operators_headers_to_a_collector_inside() -> None:
    seen: list[bytes] = []
    with emulated_aws() as aws, receiver(answering(b"200 OK", seen=seen)) as url:
        collector = OtlpCollector(aws.clients, PREFIX, f"{url}/api/otel/", MovableClock(NOW))
        assert collector.post(TRACE) == CollectorAnswer(200)
        name = f"{PREFIX}/export/OTLP_HEADERS"
        aws.clients.ssm.put_parameter(Name=name, Value="Authorization=Basic%20a2V5", Type="SecureString")
        assert collector.post(TRACE).is_taken
        aws.clients.ssm.put_parameter(Name=name, Value="key=a%0ab", Type="SecureString", Overwrite=True)
        refused = collector.post(TRACE)
    assert refused.status is None
    assert name in refused.told
    (without, body), (with_headers, again) = (one.split(b"\r\n\r\n", 1) for one in seen)
    assert without.lower().startswith(b"post /api/otel/v1/traces http/1.1\r\n")
    assert b"content-type: application/x-protobuf" in without.lower()
    assert b"content-encoding: gzip" in without.lower()
    assert b"authorization" not in without.lower()
    assert b"authorization: basic a2v5" in with_headers.lower()
    assert body == again
    read = ExportTraceServiceRequest.FromString(gzip.decompress(body))
    assert len(read.resource_spans[0].scope_spans[0].spans) == 5


def test_spans_that_were_left_out_of_a_request_are_told() -> None:
    told = ExportTraceServiceResponse()
    told.partial_success.rejected_spans = 2
    told.partial_success.error_message = "too old " * 500
    assert asked(b"200 OK", told.SerializeToString()) == CollectorAnswer(200, "too old " * 250, rejected=2)


@pytest.mark.parametrize("body", [b"", b"{}", b"OK", ExportTraceServiceResponse().SerializeToString()])
def test_any_other_answer_to_a_request_that_was_taken_leaves_out_nothing(body: bytes) -> None:
    assert asked(b"200 OK", body) == CollectorAnswer(200)


def test_a_refusal_is_shown_and_says_when_to_come_again() -> None:
    assert asked(b"503 Busy", b"\x12\x04Busy", b"Retry-After: 120") == CollectorAnswer(503, "Busy", retry_after=120)
    assert asked(b"415 No", b"JSON only") == CollectorAnswer(415, "JSON only")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ((NOW + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT"), 90),
        ((NOW - timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT"), 0),
        *((text, 0) for text in ("", "-3", "1.5", "soon", "Sun, 29 Nov 2026 06:00:00")),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: int) -> None:
    assert seconds_until(header, NOW) == seconds
