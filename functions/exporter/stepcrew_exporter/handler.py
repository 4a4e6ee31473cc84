"""Sends what one message of the queue of exports names. One that is to be tried again stays in the queue, hidden until
its next try; after a day SQS moves it to the dead-letter queue."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import ValidationError

from stepcrew.domain.exporting import ExportMessage, wait_before
from stepcrew.function_log import function_logger
from stepcrew.function_metrics import FunctionMetrics
from stepcrew.log_context import about
from stepcrew_exporter.wiring import exporter

logger = function_logger()
metrics = FunctionMetrics()

Failures = dict[str, list[dict[str, str]]]


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> Failures:
    """Safe to repeat. There is one message in an event, as the template says. Raises `PlatformUnavailable`: the message
    comes again when the queue stops hiding it."""
    [record] = event["Records"]
    try:
        message = ExportMessage.model_validate_json(record["body"])
    except ValidationError:  # of another version, or sent by hand
        logger.error("A message of the queue of exports cannot be read", message_id=record["messageId"])
        exporter().queue.keep(record["body"])
        return {"batchItemFailures": []}
    with about(group_id=message.group_id, execution_id=message.execution_id):
        is_put_off = _export(message, record)
    metrics.send()
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]}] if is_put_off else []}


def _export(message: ExportMessage, record: dict[str, Any]) -> bool:
    """Whether it is tried again."""
    tries = int(record["attributes"]["ApproximateReceiveCount"])
    sent = exporter().send(message, tries)
    if sent.rejected or sent.remark:
        logger.warning("The collector left spans out, or warned", answer=sent.remark, rejected=sent.rejected)
    if sent.failure and not sent.is_final:
        logger.warning("A trace was not exported; it is tried again", reason=sent.failure, tries=tries)
        exporter().queue.hide(record["receiptHandle"], int(wait_before(tries, sent.retry_after).total_seconds()))
        metrics.add("ExportsPutOff")  # what was taken of it counts once, with the last try
        return True
    if sent.failure:
        logger.error("The collector refused a trace", reason=sent.failure)
        exporter().queue.keep(record["body"])
    metrics.add("SpansExported", sent.spans)
    metrics.add("SpansRejected", sent.rejected)
    return False
