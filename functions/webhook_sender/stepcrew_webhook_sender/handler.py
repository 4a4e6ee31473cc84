"""Delivers one message of the queue of webhooks. One that is to be tried again stays in the queue, hidden until its
next try, and so holds back the later ones of its webhook and execution: their order is kept."""

from __future__ import annotations

import math
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import ValidationError

from stepcrew.domain.announcement import BatchData, ExecutionData
from stepcrew.domain.budgets import BudgetData
from stepcrew.domain.callback import StepData, TaskData
from stepcrew.domain.webhook import WebhookMessage
from stepcrew.function_log import function_logger
from stepcrew.function_metrics import FunctionMetrics
from stepcrew.log_context import about
from stepcrew_webhook_sender.wiring import sender

logger = function_logger()
metrics = FunctionMetrics()

KINDS = {
    ExecutionData: "execution_id",
    TaskData: "execution_id",
    StepData: "execution_id",
    BatchData: "batch_id",
    BudgetData: "budget",
}
"""How log lines call what an announcement is about."""

Failures = dict[str, list[dict[str, str]]]


@logger.inject_lambda_context
def handler(event: dict[str, Any], _context: LambdaContext) -> Failures:
    """Safe to repeat. There is one message in an event, as the template says: a slow receiver holds up no other.

    Raises `PlatformUnavailable`: the message comes again when the queue stops hiding it."""
    [record] = event["Records"]
    try:
        message = WebhookMessage.model_validate_json(record["body"])
    except ValidationError:  # of another version, or sent by hand
        logger.error("A message of the queue of webhooks cannot be read", message_id=record["messageId"])
        sender().unreadable.keep(record["messageId"], record["body"])
        _count("MessagesUnreadable")
        return {"batchItemFailures": []}
    kind = KINDS[type(message.announcement.data)]
    subject = {kind: message.announcement.subject}
    with about(group_id=message.group_id, webhook=message.webhook, delivery_id=message.delivery_id, **subject):
        wait = sender().send(message)
    if wait is None:
        _count("DeliveriesSettled")
        return {"batchItemFailures": []}
    sender().queue.hide(record["receiptHandle"], max(1, math.ceil(wait.total_seconds())))
    _count("DeliveriesPutOff")
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}


def _count(name: str) -> None:
    metrics.add(name)
    metrics.send()
