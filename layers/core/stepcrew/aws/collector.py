"""The operator's collector of traces, by OTLP over HTTP."""

from __future__ import annotations

from stepcrew.aws.clients import Clients
from stepcrew.aws.http_poster import HttpPoster
from stepcrew.aws.parameters import read_parameter
from stepcrew.domain.exporting import headers_in
from stepcrew.domain.webhook import Answer


class OtlpCollector:
    """`Collector`: at `endpoint`, which may be inside, because the operator says so. Its headers, such as a key, are a
    parameter that is read each time. It lies apart from the operator's keys, for those are read by each attempt."""

    def __init__(self, clients: Clients, secrets_prefix: str, endpoint: str) -> None:
        self._clients = clients
        self._headers = f"{secrets_prefix.rstrip('/')}/export/OTLP_HEADERS"
        self._url = f"{endpoint.rstrip('/')}/v1/traces"
        self._poster = HttpPoster([endpoint])

    def post(self, body: bytes) -> Answer:
        written = read_parameter(self._clients.ssm, self._headers, "Reading the collector's headers")
        try:
            headers = headers_in(written or "")
        except ValueError as error:
            return Answer(reason=f"The parameter {self._headers} cannot be read: {error}.")
        return self._poster.post(self._url, {**headers, "content-type": "application/json"}, body)
