"""Starts executions without a person: messages of the trigger queue make triggers fire, and the state machines of
batches ask for their rows. A message that cannot be handled is reported back, repeated by the queue, and ends in its
dead-letter queue; a state machine repeats what it asks for by itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.batch import (
    BatchProcessor,
    EventType,
    process_partial_response,  # pyright: ignore[reportUnknownVariableType]
)
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from stepcrew.function_log import function_logger
from stepcrew.log_context import about
from stepcrew_trigger.batch_steps import BATCH_STEP, BatchStep, FinishRound, StartRow, WaitForRows
from stepcrew_trigger.causes import MESSAGE, EventArrived, FiringGoesOn, ObjectCreated, ScheduleCame
from stepcrew_trigger.wiring import triggers

logger = function_logger()
processor = BatchProcessor(event_type=EventType.SQS)


def fire(record: SQSRecord) -> None:
    """Raises ValidationError for a message that is malformed and `PlatformUnavailable` for AWS's faults."""
    message = MESSAGE.validate_json(record.body)
    if isinstance(message, ObjectCreated):
        triggers().take_object(message.new_object())
        return
    with about(group_id=message.group_id, trigger=message.trigger):
        match message:
            case EventArrived() as arrived:
                triggers().take_event(arrived.group_id, arrived.trigger, arrived.event)
            case ScheduleCame() as came:
                triggers().take_tick(came.group_id, came.trigger, came.schedule.time)
            case FiringGoesOn() as further:
                triggers().proceed(further.group_id, further.trigger, further.firing.firing_id, further.firing.turn)


def run_batch(step: BatchStep) -> dict[str, str]:
    """Raises `BatchStopped`, `TooManyOpen` and `PlatformUnavailable`, by whose names the state machine goes on."""
    place = step.row if isinstance(step, StartRow) else step
    with about(group_id=place.group_id, batch_id=place.batch_id):
        match step:
            case StartRow():
                triggers().run_row(step.row, step.task_token)
            case WaitForRows():
                triggers().end_batch.wait(step.group_id, step.batch_id, step.round, step.task_token)
            case FinishRound():
                return {"state": triggers().end_batch.finish(step.group_id, step.batch_id, step.round)}
    return {}


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Mapping[str, Any]:
    """Handles one event; the same event may come again."""
    if "Records" not in event:
        return run_batch(BATCH_STEP.validate_python(event))
    return process_partial_response(event=event, record_handler=fire, processor=processor, context=context)
