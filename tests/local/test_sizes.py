"""What is handed on is as small as AWS demands, each limit at its bound and one byte beyond."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from tests.local.tiny_stack import invoke

from stepcrew_local.deploy import physical_id
from stepcrew_local.stack import Stack

LAMBDA_BYTES = 6 * 1024 * 1024
STATE_BYTES = 256 * 1024
ITEM_BYTES = 400 * 1024
MESSAGE_BYTES = 1024 * 1024
WAIT_SECONDS = 60


def _text_of(total: int, shape: dict[str, str]) -> str:
    """So many characters that the shape with this text as its only empty value has `total` bytes as JSON."""
    return "x" * (total - len(json.dumps(shape)))


@pytest.mark.parametrize(("more", "failed"), [(0, None), (1, "Function.ResponseSizeTooLarge")])
def test_a_function_answers_6_mb(tiny_stack: Stack, more: int, failed: str | None) -> None:
    answer = invoke(tiny_stack, "ReconcilerFunction", {"bytes": len(_text_of(LAMBDA_BYTES, {"text": ""})) + more})

    assert answer.get("errorType") == failed


@pytest.mark.parametrize(("more", "failed"), [(0, None), (1, "RequestTooLargeException")])
def test_a_function_is_asked_with_6_mb(tiny_stack: Stack, more: int, failed: str | None) -> None:
    event = {"bytes": 1, "padding": ""}
    padding = "x" * (LAMBDA_BYTES - len(json.dumps(event)) + more)

    assert invoke(tiny_stack, "ReconcilerFunction", {**event, "padding": padding}).get("errorType") == failed


def test_a_body_that_grows_beyond_6_mb_as_an_event_is_413(client: httpx.Client) -> None:
    headers = {"content-type": "application/json"}

    assert client.post("/api/v1/executions", content=b'"' * 4_000_000, headers=headers).status_code == 413
    assert client.post("/api/v1/executions", content=b"x" * 2_000_000, headers=headers).status_code == 200


def test_an_answer_beyond_6_mb_and_a_failed_function_are_500_and_tell_nothing(client: httpx.Client) -> None:
    for path in (f"/api/v1/bytes/{LAMBDA_BYTES}", "/api/v1/fail"):
        answer = client.get(path)

        assert answer.status_code == 500
        assert answer.json() == {"message": "Internal Server Error"}


@pytest.mark.parametrize(("more", "status"), [(0, "SUCCEEDED"), (1, "FAILED")])
def test_a_task_hands_on_256_kib(tiny_stack: Stack, more: int, status: str) -> None:
    states = tiny_stack.client("stepfunctions")
    count = len(_text_of(STATE_BYTES, {"text": ""})) + more
    function = tiny_stack.client("lambda").get_function_configuration(
        FunctionName=physical_id(tiny_stack.emulator, "ReconcilerFunction")
    )["FunctionArn"]
    task = {"Type": "Task", "Resource": function, "End": True}
    definition = json.dumps({"StartAt": "Ask", "States": {"Ask": task}})
    role = tiny_stack.client("iam").list_roles()["Roles"][0]["Arn"]
    machine = states.create_state_machine(name=f"sizes-{more}", definition=definition, roleArn=role)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=machine, input=json.dumps({"bytes": count}))["executionArn"]
    deadline = time.monotonic() + WAIT_SECONDS
    while (ended := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
        assert time.monotonic() < deadline
    states.delete_state_machine(stateMachineArn=machine)

    assert ended["status"] == status
    assert ended.get("error") == ("States.DataLimitExceeded" if more else None)


def test_an_item_has_400_kb_and_a_message_1_mib(tiny_stack: Stack) -> None:
    item: dict[str, Any] = {"PK": {"S": "GROUP#g"}, "SK": {"S": "size"}}
    names = len("PK" + "GROUP#g" + "SK" + "size" + "t")
    table = {"TableName": tiny_stack.outputs["TableName"]}
    tiny_stack.client("dynamodb").put_item(**table, Item={**item, "t": {"S": "x" * (ITEM_BYTES - names)}})
    with pytest.raises(ClientError, match="Item size has exceeded"):
        tiny_stack.client("dynamodb").put_item(**table, Item={**item, "t": {"S": "x" * (ITEM_BYTES - names + 1)}})
    tiny_stack.client("dynamodb").delete_item(**table, Key=item)

    queue = {"QueueUrl": tiny_stack.outputs["TraceDeadLetterQueueUrl"], "MessageGroupId": "g"}
    sqs = tiny_stack.client("sqs")
    sqs.send_message(**queue, MessageDeduplicationId="full", MessageBody="x" * MESSAGE_BYTES)
    with pytest.raises(ClientError):
        sqs.send_message(**queue, MessageDeduplicationId="over", MessageBody="x" * (MESSAGE_BYTES + 1))
    sqs.purge_queue(QueueUrl=queue["QueueUrl"])
