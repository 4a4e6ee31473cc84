"""Somebody who listens on the stack's event bus, as an operator would: a rule with a queue behind it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from stepcrew_local.stack import Stack
from tests.e2e.user import PATIENCE_SECONDS

QUEUE = "listener"


def subscribe(stack: Stack) -> None:
    sqs, events, bus = stack.client("sqs"), stack.client("events"), stack.outputs["EventBusName"]
    queue = sqs.create_queue(QueueName=QUEUE)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="all", EventBusName=bus, EventPattern=json.dumps({"source": ["stepcrew"]}))
    events.put_targets(Rule="all", EventBusName=bus, Targets=[{"Id": "queue", "Arn": arn}])


def announced(stack: Stack, enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """The details of what came since the last call; waits until that is enough."""
    sqs, found = stack.client("sqs"), list[dict[str, Any]]()
    queue = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not enough(found):
        assert time.monotonic() < deadline, found
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            body = json.loads(message["Body"])
            _, thing, status = body["detail"]["type"].split(".")
            assert body["detail-type"] == f"{thing} {status}".title()
            found.append(body["detail"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        time.sleep(0.1)
    return found
