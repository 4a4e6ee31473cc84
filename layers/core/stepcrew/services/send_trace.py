"""Sends a trace, or a part of it, to the operator's collector."""

from __future__ import annotations

from typing import NamedTuple

from stepcrew.domain.errors import ExecutionNotFound
from stepcrew.domain.exporting import MOST_SPANS, TRIES_FOR_THE_REST, CollectorAnswer, ExportMessage
from stepcrew.domain.otlp import otlp_batches
from stepcrew.services.export_ports import Collector
from stepcrew.services.export_trace import otlp_json
from stepcrew.services.ports import ExecutionStore, TraceStore
from stepcrew.services.read_trace import is_complete, recorded_events


class Sent(NamedTuple):
    """How many `spans` the collector took and how many it `rejected`, with its `remark` to that. `failure` says why it
    was not sent whole; with `is_final`, trying again is no use, else the collector wants it after `retry_after`
    seconds at the earliest."""

    spans: int = 0
    rejected: int = 0
    remark: str = ""
    failure: str = ""
    is_final: bool = False
    retry_after: int = 0


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
            answer = self._collector.post(otlp_json(body))
            if not answer.is_taken:
                return sent._replace(failure=_reason(answer), is_final=answer.is_final, retry_after=answer.retry_after)
            rejected = min(max(answer.rejected, 0), spans)  # the collector's word, which may be anything
            sent = Sent(sent.spans + spans - rejected, sent.rejected + rejected, answer.told or sent.remark)
        return sent


def _reason(answer: CollectorAnswer) -> str:
    return answer.told if answer.status is None else f"The collector answered {answer.status}: {answer.told[:300]}"
