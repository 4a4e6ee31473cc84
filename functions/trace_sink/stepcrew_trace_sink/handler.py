"""Queue messages become stored trace events.

A message that cannot be stored is reported back (partial batch response); the later messages of its execution are then
reported back too, so that their order is kept, while other executions go on. After the queue's last try it goes to the
dead-letter queue.

A message is accepted only from the session of an attempt of its execution. What another execution's session says is
dropped: kept, it would hold up the trace of the execution it lies about. What anybody else sends is reported back, so
that a person finds it in the dead-letter queue.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.batch import (
    SqsFifoPartialProcessor,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.event_grammar import Phase, grammar_of
from stepcrew.domain.exporting import ExportMessage, finished_parts
from stepcrew.domain.senders import TraceSenders
from stepcrew.domain.trace import TraceBatch, TraceEvent
from stepcrew.function_log import function_logger
from stepcrew.function_metrics import FunctionMetrics
from stepcrew.log_context import about
from stepcrew_trace_sink import wiring

logger = function_logger()
metrics = FunctionMetrics()
processor = SqsFifoPartialProcessor(skip_group_on_error=True)


class UnknownSender(Exception):
    """Neither an attempt nor an operator who redrives sent this message."""


def store(record: SQSRecord) -> None:
    """Stores one message. Raises ValidationError when it is malformed, `UnknownSender` when its sender is not known and
    `PlatformUnavailable` for AWS's faults."""
    metrics.add("TraceMessagesDelivered")
    senders, sender = wiring.senders(), record.attributes.sender_id
    batch = TraceBatch.model_validate_json(record.body)
    with about(group_id=batch.group_id, execution_id=batch.execution_id, attempt=batch.attempt):
        _store(batch, sender, senders)


def _store(batch: TraceBatch, sender: str, senders: TraceSenders) -> None:
    if not senders.speaks_for(sender, batch.group_id, batch.execution_id):
        metrics.add("TraceMessagesRefused")
        logger.error("A message was not sent by an attempt of its execution", sender=sender, named=batch.execution_id)
        if senders.is_attempt(sender):
            return
        raise UnknownSender(f"{sender} is no attempt. To redrive messages yourself, see docs/operations.md.")
    try:
        wiring.traces().record(batch.group_id, batch.execution_id, batch.events, batch.logs)
    except PlatformUnavailable as error:
        logger.warning("A message was not stored; the queue brings it again", reason=error.message)
        raise
    measure(batch.events)
    export(batch)


def export(batch: TraceBatch) -> None:
    """Has what ended sent to the operator's collector. When that is not taken, the trace is none the worse, and the
    execution's end has everything sent."""
    queue = wiring.export_queue()
    if queue is None:
        return
    try:
        for part in finished_parts(batch.events):
            queue.send(ExportMessage(group_id=batch.group_id, execution_id=batch.execution_id, part=part))
    except PlatformUnavailable as error:
        logger.warning("A part of the trace is exported with the execution's end only", reason=error.message)


def measure(events: list[TraceEvent]) -> None:
    """What was stored. A call that was answered from the journal is none of this attempt's. Of a tool that raised
    CrewAI tells twice, by an end and a point; of one that only reported its failure by the point."""
    metrics.add("TraceEventsRecorded", len(events))
    if events:
        metrics.add("TraceLag", max(0.0, (wiring.clock().now() - events[0].emitted_at).total_seconds()))
    raised = reported = 0
    for event in events:
        grammar = grammar_of(event)
        if event.trace_metadata.get("replayed"):
            continue
        reported += grammar.kind == "tool_failure"
        if grammar.phase is not Phase.END:
            continue
        if grammar.kind == "tool_usage":
            metrics.add("ToolCalls")
            raised += grammar.failed
        elif grammar.kind == "llm_call":
            metrics.add("ModelFailures", grammar.failed)
        elif grammar.kind == "agent_execution":
            metrics.add("AgentSeconds", (event.duration_ms or 0) / 1000)
    metrics.add("ToolFailures", max(raised, reported))


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    metrics.add("MessagesPerBatch", len(event["Records"]))
    try:
        return process_partial_response(event=event, record_handler=store, processor=processor, context=context)
    finally:
        metrics.send()
