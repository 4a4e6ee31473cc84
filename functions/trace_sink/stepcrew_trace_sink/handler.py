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

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import (
    SqsFifoPartialProcessor,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.senders import TraceSenders
from stepcrew.domain.trace import TraceBatch
from stepcrew.function_log import function_logger
from stepcrew.log_context import about
from stepcrew_trace_sink import wiring

logger = function_logger()
metrics = Metrics()
processor = SqsFifoPartialProcessor(skip_group_on_error=True)


class UnknownSender(Exception):
    """Neither an attempt nor an operator who redrives sent this message."""


def store(record: SQSRecord) -> None:
    """Stores one message. Raises ValidationError when it is malformed, `UnknownSender` when its sender is not known and
    `PlatformUnavailable` for AWS's faults."""
    metrics.add_metric(name="TraceMessagesDelivered", unit=MetricUnit.Count, value=1)
    senders, sender = wiring.senders(), record.attributes.sender_id
    batch = TraceBatch.model_validate_json(record.body)
    with about(group_id=batch.group_id, execution_id=batch.execution_id, attempt=batch.attempt):
        _store(batch, sender, senders)


def _store(batch: TraceBatch, sender: str, senders: TraceSenders) -> None:
    if not senders.speaks_for(sender, batch.group_id, batch.execution_id):
        metrics.add_metric(name="TraceMessagesRefused", unit=MetricUnit.Count, value=1)
        logger.error("A message was not sent by an attempt of its execution", sender=sender, named=batch.execution_id)
        if senders.is_attempt(sender):
            return
        raise UnknownSender(f"{sender} is no attempt. To redrive messages yourself, see docs/operations.md.")
    try:
        wiring.traces().record(batch.group_id, batch.execution_id, batch.events, batch.logs)
    except PlatformUnavailable as error:
        logger.warning("A message was not stored; the queue brings it again", reason=error.message)
        raise
    metrics.add_metric(name="TraceEventsRecorded", unit=MetricUnit.Count, value=len(batch.events))


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return process_partial_response(event=event, record_handler=store, processor=processor, context=context)
