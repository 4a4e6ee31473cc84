"""How functions run on the emulator: as on Lambda, each for itself, with its role's permissions and no more."""

from __future__ import annotations

import dataclasses
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from tests.local.tiny_stack import ONLY_FOR_THE_RUNNER, invoke, tiny_options

from stepcrew_local.stack import Stack, running_stack

NOTHING_THERE = ("ParameterNotFound", "TaskDoesNotExist", "ExecutionDoesNotExist", "NoSuchKey")
"""Refused, but not for want of permission."""


def test_only_the_runner_gets_provider_keys(tiny_stack: Stack) -> None:
    runner = invoke(tiny_stack, "RunnerFunction", {})["environment"]
    reconciler = invoke(tiny_stack, "ReconcilerFunction", {})["environment"]

    assert runner["OPENAI_API_KEY"] == ONLY_FOR_THE_RUNNER["OPENAI_API_KEY"]
    assert runner["OPENAI_BASE_URL"]
    assert not [name for name in reconciler if name.startswith("OPENAI")]


def test_a_function_sees_what_lambda_gives_it_and_nothing_of_this_machine(tiny_stack: Stack) -> None:
    environment = invoke(tiny_stack, "ReconcilerFunction", {})["environment"]

    assert environment["TABLE_NAME"] == tiny_stack.outputs["TableName"]
    assert environment["STATE_MACHINE_ARN"] == tiny_stack.outputs["StateMachineArn"]
    assert environment["POWERTOOLS_SERVICE_NAME"] == "reconciler"
    assert environment["AWS_ACCESS_KEY_ID"] != tiny_stack.emulator.credentials.access_key_id
    assert not [name for name in environment if name.startswith(("STEPCREW_LOCAL", "GATEWAY", "S3_", "STATE_DIR"))]
    assert Path(environment["TMPDIR"]).is_relative_to(tiny_stack.data)


def test_invocations_at_the_same_time_get_a_process_each(tiny_stack: Stack) -> None:
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(invoke, tiny_stack, "RunnerFunction", {"sleep": 1}) for _ in range(3)]
        answers = [call.result() for call in calls]

    assert len({answer["pid"] for answer in answers}) == 3
    assert len({answer["environment"]["TMPDIR"] for answer in answers}) == 3


def test_the_first_invocation_takes_the_process_that_was_started_ahead(tmp_path: Path) -> None:
    options = dataclasses.replace(tiny_options(tmp_path / "data"), parameters={"SliceSeconds": "7"})
    with running_stack(options) as stack:
        environment = invoke(stack, "RunnerFunction", {})["environment"]
        log = (stack.data / "logs" / "emulator.log").read_text()

    assert log.count("spawned for stepcrew-local-RunnerFunction") == 1
    assert environment["SLICE_SECONDS"] == "7"


def test_the_next_invocation_finds_a_warm_process(tiny_stack: Stack) -> None:
    pids = {invoke(tiny_stack, "ReconcilerFunction", {})["pid"] for _ in range(3)}

    assert len(pids) == 1
    assert Path(f"/proc/{pids.pop()}").exists()


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"dies_by": 11}, "signal 11 (SIGSEGV)"),
        ({"dies_by": 9}, "signal 9 (SIGKILL)"),
        ({"exits_with": 3}, "exit status 3"),
    ],
)
def test_a_process_that_dies_leaves_its_reason_in_the_log(
    tiny_stack: Stack, event: dict[str, int], reason: str
) -> None:
    log = tiny_stack.data / "logs" / "RunnerFunction.log"
    before = log.stat().st_size if log.exists() else 0

    invoke(tiny_stack, "RunnerFunction", event)

    told = [json.loads(line) for line in log.read_bytes()[before:].splitlines() if b"ended by itself" in line]
    assert [line["message"] for line in told] == [f"The process of RunnerFunction ended by itself: {reason}"]
    assert told[0]["most_memory_mb"] > 1


def _put(bucket: str, key: str) -> dict[str, Any]:
    return {"service": "s3", "operation": "put_object", "arguments": {"Bucket": bucket, "Key": key, "Body": "x"}}


def _item(operation: str, table: str, **more: Any) -> dict[str, Any]:
    key = {"PK": {"S": "GROUP#g#EXECUTION#e"}, "SK": {"S": "x"}}
    return {"service": "dynamodb", "operation": operation, "arguments": {"TableName": table, **more, "Key": key}}


def _query(table: str, index: str, key: str) -> dict[str, Any]:
    name = {"open": "open_key", "by_group": "group_key"}[index]
    condition = {"KeyConditionExpression": f"{name} = :k", "ExpressionAttributeValues": {":k": {"S": key}}}
    arguments = {"TableName": table, "IndexName": index, **condition}
    return {"service": "dynamodb", "operation": "query", "arguments": arguments}


def _calls(stack: Stack) -> dict[str, tuple[str, dict[str, Any], bool]]:
    table, bucket = stack.outputs["TableName"], stack.outputs["BucketName"]
    entry = {"PK": {"S": "AUDIT#g#0"}, "SK": {"S": "ENTRY#x"}}
    delete_entry = _item("delete_item", table)
    delete_entry["arguments"]["Key"] = entry
    parameter = stack.outputs["SecretsPrefix"]
    send = {
        "service": "sqs",
        "operation": "send_message",
        "arguments": {
            "QueueUrl": stack.outputs["TraceQueueUrl"],
            "MessageBody": json.dumps({"by": "permission test"}),
            "MessageGroupId": "g",
            "MessageDeduplicationId": "d",
        },
    }
    read = {"service": "ssm", "operation": "get_parameters_by_path"}
    start = {
        "service": "stepfunctions",
        "operation": "start_execution",
        "arguments": {"stateMachineArn": stack.outputs["StateMachineArn"], "input": "{}"},
    }
    wake = {
        "service": "stepfunctions",
        "operation": "send_task_success",
        "arguments": {"taskToken": "of nobody", "output": "{}"},
    }
    executions = stack.outputs["StateMachineArn"].replace(":stateMachine:", ":execution:")
    look = {
        "service": "stepfunctions",
        "operation": "describe_execution",
        "arguments": {"executionArn": f"{executions}:there-is-none"},
    }
    missing = {"service": "s3", "operation": "get_object", "arguments": {"Bucket": bucket, "Key": "groups/g/missing"}}
    limits = _item("get_item", table)
    limits["arguments"]["Key"] = {"PK": {"S": "GROUP#g"}, "SK": {"S": "LIMITS"}}
    inbox = stack.outputs["InboxBucketName"]
    upload = {"service": "s3", "operation": "get_object", "arguments": {"Bucket": inbox, "Key": "g/missing"}}
    hook_key, other_key, webhook_key = (
        {"service": "ssm", "operation": "get_parameter", "arguments": {"Name": f"{parameter}/groups/g/{name}"}}
        for name in ("HOOK_KEY", "OPENAI_API_KEY", "WEBHOOK_KEY")
    )
    collector_key = {
        "service": "ssm",
        "operation": "get_parameter",
        "arguments": {"Name": f"{parameter}/export/OTLP_HEADERS"},
    }
    link_key = {"service": "ssm", "operation": "get_parameter", "arguments": {"Name": f"{parameter}/links/g"}}
    mail, other_sender = (
        {
            "service": "sesv2",
            "operation": "send_email",
            "arguments": {
                "FromEmailAddress": sender,
                "Destination": {"ToAddresses": ["ada@example.com"]},
                "Content": {"Simple": {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}},
            },
        }
        for sender in ("stepcrew@example.com", "boss@example.com")
    )
    rule = {
        "service": "events",
        "operation": "delete_rule",
        "arguments": {"Name": f"{stack.outputs['StateMachineArn'].split(':')[-1].removesuffix('-execution')}-x"},
    }
    slot = _item("delete_item", table)
    slot["arguments"]["Key"] = {"PK": {"S": "GROUP#g#SLOTS"}, "SK": {"S": "SLOT#0001"}}
    row = _item("update_item", table)
    row["arguments"]["Key"] = {"PK": {"S": "GROUP#g#BATCH#b"}, "SK": {"S": "ROW#000001"}}
    batch = {**start, "arguments": {"stateMachineArn": stack.outputs["BatchStateMachineArn"], "input": "{}"}}
    webhook, delivery = _item("get_item", table), _item("get_item", table)
    webhook["arguments"]["Key"] = {"PK": {"S": "GROUP#g#WEBHOOKS"}, "SK": {"S": "WEBHOOK#ops"}}
    delivery["arguments"]["Key"] = {"PK": {"S": "GROUP#g#WEBHOOK#ops"}, "SK": {"S": "DELIVERY#d"}}
    entry = {"PutRequest": {"Item": _item("put_item", table)["arguments"]["Key"]}}
    event = {
        "service": "dynamodb",
        "operation": "batch_write_item",
        "arguments": {"RequestItems": {table: [entry]}},
    }
    scan = {"service": "dynamodb", "operation": "scan", "arguments": {"TableName": table}}
    return {
        "the runner starts nothing": ("RunnerFunction", start, False),
        "the reconciler reads records": ("ReconcilerFunction", _item("get_item", table), True),
        "the reconciler ends traces": ("ReconcilerFunction", event, True),
        "the sink stores traces": ("TraceSinkFunction", event, True),
        "the reconciler looks at state machines": ("ReconcilerFunction", look, True),
        "the reconciler wakes state machines": ("ReconcilerFunction", wake, True),
        "the runner wakes nothing": ("RunnerFunction", wake, False),
        "the sink looks at nothing": ("TraceSinkFunction", look, False),
        "the reconciler scans nothing": ("ReconcilerFunction", scan, False),
        "the reconciler reads no keys": ("ReconcilerFunction", {**read, "arguments": {"Path": parameter}}, False),
        "the reconciler stores payloads of groups": ("ReconcilerFunction", _put(bucket, "groups/g/x"), True),
        "the reconciler stores nothing elsewhere": ("ReconcilerFunction", _put(bucket, "other/x"), False),
        "the reconciler learns what is missing": ("ReconcilerFunction", missing, True),
        "the reconciler reads limits": ("ReconcilerFunction", limits, True),
        "the reconciler changes no limits": ("ReconcilerFunction", {**limits, "operation": "update_item"}, False),
        "the reconciler looks for open executions": ("ReconcilerFunction", _query(table, "open", "OPEN#1"), True),
        "the reconciler lists what it erases": ("ReconcilerFunction", _query(table, "by_group", "GROUP#g"), True),
        "the reconciler changes no entry of the audit log": ("ReconcilerFunction", delete_entry, False),
        "the trigger function reads uploads": ("TriggerFunction", upload, True),
        "the trigger function puts nothing into the inbox": ("TriggerFunction", _put(inbox, "g/x"), False),
        "the trigger function keeps what made a trigger fire": ("TriggerFunction", _put(bucket, "groups/g/x"), True),
        "the trigger function keeps files": ("TriggerFunction", _put(bucket, "kept/g/files/a.txt/ab"), True),
        "the trigger function keeps no bundle": ("TriggerFunction", _put(bucket, "kept/g/bundles/ab.zip"), False),
        "the trigger function reads records": ("TriggerFunction", _item("get_item", table), True),
        "the trigger function deletes no record": ("TriggerFunction", _item("delete_item", table), False),
        "the trigger function counts open executions": ("TriggerFunction", _query(table, "open", "OPEN#1"), True),
        "the trigger function scans nothing": ("TriggerFunction", scan, False),
        "the trigger function starts executions": ("TriggerFunction", start, True),
        "the trigger function fills slots": ("TriggerFunction", slot, True),
        "the trigger function wakes what has its slot": ("TriggerFunction", wake, True),
        "the trigger function reads no secret": ("TriggerFunction", hook_key, False),
        "the trigger function changes no rule": ("TriggerFunction", rule, False),
        "the runner reads no upload": ("RunnerFunction", upload, False),
        "the sink reads no upload": ("TraceSinkFunction", upload, False),
        "the reconciler reads no secret": ("ReconcilerFunction", other_key, False),
        "the announcer reads records": ("AnnouncerFunction", _item("get_item", table), True),
        "the announcer deletes no record": ("AnnouncerFunction", _item("delete_item", table), False),
        "the announcer fills slots": ("AnnouncerFunction", slot, True),
        "the announcer changes no limits": ("AnnouncerFunction", {**limits, "operation": "update_item"}, False),
        "the announcer reads no bodies": ("AnnouncerFunction", missing, False),
        "the announcer scans nothing": ("AnnouncerFunction", scan, False),
        "the announcer reads no keys": ("AnnouncerFunction", {**read, "arguments": {"Path": parameter}}, False),
        "the announcer reads no secret of webhooks": ("AnnouncerFunction", webhook_key, False),
        "the webhook sender reads webhooks": ("WebhookSenderFunction", webhook, True),
        "the webhook sender reads deliveries": ("WebhookSenderFunction", delivery, True),
        "the webhook sender deletes none": ("WebhookSenderFunction", {**delivery, "operation": "delete_item"}, False),
        "the webhook sender reads what it signs with": ("WebhookSenderFunction", webhook_key, True),
        "the webhook sender reads no secret of hooks": ("WebhookSenderFunction", hook_key, False),
        "the webhook sender reads what links are signed with": ("WebhookSenderFunction", link_key, True),
        "the runner reads no key of the collector": ("RunnerFunction", collector_key, False),
        "the sink reads no key of the collector": ("TraceSinkFunction", collector_key, False),
        "the runner reads no key of links": ("RunnerFunction", link_key, False),
        "the announcer reads no key of links": ("AnnouncerFunction", link_key, False),
        "the trigger function reads no key of links": ("TriggerFunction", link_key, False),
        "the webhook sender sends mails": ("WebhookSenderFunction", mail, True),
        "the webhook sender sends no mail of another": ("WebhookSenderFunction", other_sender, False),
        "the reconciler sends no mail": ("ReconcilerFunction", mail, False),
        "the webhook sender reads no other secret": ("WebhookSenderFunction", other_key, False),
        "the webhook sender reads what callbacks tell of": ("WebhookSenderFunction", _item("get_item", table), True),
        "the webhook sender deletes no record": ("WebhookSenderFunction", _item("delete_item", table), False),
        "the webhook sender reads no bodies": ("WebhookSenderFunction", missing, False),
        "the webhook sender scans nothing": ("WebhookSenderFunction", scan, False),
        "the webhook sender sends no traces": ("WebhookSenderFunction", send, False),
        "the webhook sender starts nothing": ("WebhookSenderFunction", start, False),
        "the trigger function counts rows of batches": ("TriggerFunction", row, True),
        "the trigger function starts no batch": ("TriggerFunction", batch, False),
        "the announcer counts rows of batches": ("AnnouncerFunction", row, True),
        "the announcer removes no row": ("AnnouncerFunction", {**row, "operation": "delete_item"}, False),
        "the reconciler counts rows of batches": ("ReconcilerFunction", row, True),
        "the reconciler starts batches": ("ReconcilerFunction", batch, True),
        "the runner counts no rows": ("RunnerFunction", row, False),
        "the sink counts no rows": ("TraceSinkFunction", row, False),
        "the runner fills no slots": ("RunnerFunction", slot, False),
        "the sink fills no slots": ("TraceSinkFunction", slot, False),
        "the sink sends nothing": ("TraceSinkFunction", send, False),
        "the sink reads no limits": ("TraceSinkFunction", limits, False),
        "the sink reads records": ("TraceSinkFunction", _item("get_item", table), True),
        "the sink deletes no record": ("TraceSinkFunction", _item("delete_item", table), False),
        "the sink starts nothing": ("TraceSinkFunction", start, False),
    }


def test_every_function_may_do_its_own_work_and_no_more(tiny_stack: Stack) -> None:
    for name, (function, request, is_allowed) in _calls(tiny_stack).items():
        answer = invoke(tiny_stack, function, request)
        assert "refused" in answer, f"{name}: {answer}"
        refused = answer["refused"]
        assert (refused in (None, *NOTHING_THERE)) is is_allowed, f"{name}: {refused}"


def _send(stack: Stack, group: str, number: int, **more: Any) -> str:
    body = json.dumps({"group": group, "number": number, **more})
    stack.client("sqs").send_message(
        QueueUrl=stack.outputs["TraceQueueUrl"],
        MessageBody=body,
        MessageGroupId=group,
        MessageDeduplicationId=f"{group}-{number}",
    )
    return body


def _seen(stack: Stack, body: str) -> float | None:
    item = stack.client("dynamodb").get_item(
        TableName=stack.outputs["TableName"], Key={"PK": {"S": f"GROUP#tiny#EXECUTION#{body}"}, "SK": {"S": "SEEN"}}
    )
    return float(item["Item"]["at"]["S"]) if "Item" in item else None


def test_messages_of_a_group_are_stored_in_order_and_once(tiny_stack: Stack) -> None:
    bodies = [_send(tiny_stack, "ordered", number) for number in range(30)]
    _send(tiny_stack, "ordered", 7)  # repeated by its deduplication id: falls away

    times = [_wait_for(tiny_stack, body) for body in bodies]

    assert times == sorted(times)


def _wait_for(stack: Stack, body: str, seconds: float = 60) -> float:
    deadline = time.monotonic() + seconds
    while (at := _seen(stack, body)) is None:
        if time.monotonic() > deadline:
            pytest.fail(f"{body} was not stored within {seconds} s")
        time.sleep(0.02)
    return at
