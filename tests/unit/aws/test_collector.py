"""What a collector is sent over a real socket."""

from __future__ import annotations

from tests.aws_table import emulated_aws
from tests.unit.aws.test_http_poster import answering, receiver

from stepcrew.aws.collector import OtlpCollector

PREFIX = "/stepcrew/test"


def test_a_request_has_the_operators_headers_and_a_collector_inside_is_reached() -> None:
    seen: list[bytes] = []
    with emulated_aws() as aws, receiver(answering(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", seen)) as url:
        collector = OtlpCollector(aws.clients, PREFIX, f"{url}/api/otel/")
        assert collector.post(b"{}").status == 200
        name = f"{PREFIX}/export/OTLP_HEADERS"
        aws.clients.ssm.put_parameter(Name=name, Value="Authorization=Basic%20a2V5", Type="SecureString")
        assert collector.post(b"{}").status == 200
        aws.clients.ssm.put_parameter(Name=name, Value="key=a%0ab", Type="SecureString", Overwrite=True)
        refused = collector.post(b"{}")
    assert refused.status is None
    assert name in refused.reason
    without, with_headers = (one.decode().lower() for one in seen)
    assert without.startswith("post /api/otel/v1/traces http/1.1\r\n")
    assert "content-type: application/json" in without
    assert "authorization" not in without
    assert "authorization: basic a2v5" in with_headers
