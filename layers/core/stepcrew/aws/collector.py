"""The operator's collector of traces, by OTLP over HTTP: protobuf, packed.
https://opentelemetry.io/docs/specs/otlp/#otlphttp"""

from __future__ import annotations

import gzip
from datetime import datetime
from email.utils import parsedate_to_datetime

from stepcrew.aws.clients import Clients
from stepcrew.aws.http_poster import MOST_ANSWER_BYTES, HttpPoster
from stepcrew.aws.parameters import read_parameter
from stepcrew.domain.exporting import CollectorAnswer, headers_in
from stepcrew.domain.otlp import PROTOBUF
from stepcrew.domain.otlp_protobuf import protobuf_of, rejected_in
from stepcrew.services.ports import Clock

_FORM = {"content-type": PROTOBUF, "content-encoding": "gzip"}


class OtlpCollector:
    """`Collector`: at `endpoint`, which may be inside, because the operator says so. Its headers, such as a key, are a
    parameter that is read each time. It lies apart from the operator's keys, for those are read by each attempt."""

    def __init__(self, clients: Clients, secrets_prefix: str, endpoint: str, clock: Clock) -> None:
        self._clients = clients
        self._headers = f"{secrets_prefix.rstrip('/')}/export/OTLP_HEADERS"
        self._url = f"{endpoint.rstrip('/')}/v1/traces"
        self._poster = HttpPoster([endpoint])
        self._clock = clock

    def post(self, otlp_json: bytes) -> CollectorAnswer:
        written = read_parameter(self._clients.ssm, self._headers, "Reading the collector's headers")
        try:
            headers = headers_in(written or "")
        except ValueError as error:
            return CollectorAnswer(None, f"The parameter {self._headers} cannot be read: {error}.")
        body = gzip.compress(protobuf_of(otlp_json), mtime=0)
        found = self._poster.exchange(self._url, {**headers, **_FORM}, body)
        if found.status is None:
            return CollectorAnswer(None, found.reason)
        answer = CollectorAnswer(
            found.status, found.text, retry_after=seconds_until(found.retry_after, self._clock.now())
        )
        if not answer.is_taken:
            return answer
        rejected, told = rejected_in(found.content)
        return CollectorAnswer(found.status, told[:MOST_ANSWER_BYTES], rejected)


def seconds_until(retry_after: str, now: datetime) -> int:
    """What the header says: seconds, or a date; 0 where it says neither.
    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after"""
    if retry_after.isascii() and retry_after.isdecimal():
        return int(retry_after[:9])
    try:
        return max(0, round((parsedate_to_datetime(retry_after) - now).total_seconds()))
    except (ValueError, TypeError):  # TypeError: a date without a zone
        return 0
