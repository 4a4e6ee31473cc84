"""Sends a trace, or a part of it, to the operator's collector."""

from __future__ import annotations

from typing import NamedTuple

from stepcrew.domain.canonical import canonical_json
from stepcrew.domain.errors import ExecutionNotFound
from stepcrew.domain.exporting import MOST_SPANS, TRIES_FOR_THE_REST, ExportMessage
from stepcrew.domain.otlp import otlp_batches
from stepcrew.domain.webhook import Answer
from stepcrew.services.export_ports import Collector
from stepcrew.services.export_trace import recorded_events
from stepcrew.services.ports import ExecutionStore, TraceStore
from stepcrew.services.read_trace import is_complete

_INVALID = 400
"""Of invalid data, which must not be sent again: https://opentelemetry.io/docs/specs/otlp/#failures-1"""


class Sent(NamedTuple):
    """`failure` says why it was not sent whole; with `is_final`, trying again is no use. `remark` is the collector's
    where it took less than it was sent."""

    spans: int = 0
    failure: str = ""
    is_final: bool = False
    remark: str = ""


class SendTrace:
    """Safe to repeat: the ids are the same each time."""

    def __init__(self, executions: ExecutionStore, traces: TraceStore, collector: Collector) -> None:
        self._executions = executions
        self._traces = traces
        self._collector = collector

    def __call__(self, wanted: ExportMessage, tries: int) -> Sent:
        """`tries` counts this one. Of an execution that goes on only what is over is sent, because some systems keep
        the first that they hear of a span. When it has ended, everything is sent. Raises `PlatformUnavailable`."""
        group_id, execution_id = wanted.group_id, wanted.execution_id
        try:
            execution = self._executions.get(group_id, execution_id)
        except ExecutionNotFound:  # deleted meanwhile
            return Sent()
        whole = wanted.part is None and execution.status.is_terminal
        if whole and not is_complete(execution) and tries < TRIES_FOR_THE_REST:
            return Sent(failure="Its last events are not recorded yet.")
        events = recorded_events(self._traces, group_id, execution_id, wanted.part)
        sent = Sent()
        for body, spans in otlp_batches(execution, events, MOST_SPANS, only_finished=not whole):
            answer = self._collector.post(canonical_json(body).encode(errors="replace"))
            if not answer.is_taken:
                return Sent(sent.spans, _reason(answer), answer.status == _INVALID)
            rejected = answer.body if "rejectedSpans" in answer.body else ""
            sent = Sent(sent.spans + spans, remark=rejected or sent.remark)
        return sent


def _reason(answer: Answer) -> str:
    return answer.reason or f"The collector answered {answer.status}: {answer.body[:300]}"
