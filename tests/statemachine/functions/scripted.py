"""Stand-ins for the runner and the reconciler that do what the test's script says, call by call.

A script is a JSON list of actions; the last one repeats. An action may set the record's status and other attributes
and send the event's task token back, then raises, exits, sleeps or answers. Every event received is written down beside
the script.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import boto3

aws: Any = boto3


def runner(event: dict[str, Any], context: object) -> object:
    return _act("runner", event)


def reconciler(event: dict[str, Any], context: object) -> object:
    return _act("reconciler", event)


def _act(function: str, event: dict[str, Any]) -> object:
    folder = Path(os.environ["SCRIPTS"]) / event["execution_id"]
    with (folder / f"{function}.calls").open("a+") as calls:
        calls.write(json.dumps(event) + "\n")
        calls.seek(0)
        number = len(calls.readlines())
    script: list[dict[str, Any]] = json.loads((folder / f"{function}.json").read_text())
    action = script[min(number, len(script)) - 1]
    if "set_status" in action:
        _set(event, {"status": {"S": action["set_status"]}, **action.get("set", {})})
    if action.get("send_back"):
        aws.client("stepfunctions").send_task_success(taskToken=event["task_token"], output="{}")
    if "raise" in action:
        raise type(action["raise"], (Exception,), {})("as the script says")
    if "exit" in action:
        os._exit(action["exit"])
    time.sleep(action.get("sleep", 0))
    return action.get("answer")


def _set(event: dict[str, Any], attributes: dict[str, Any]) -> None:
    _dynamodb(event).update_item(
        TableName=os.environ["TABLE_NAME"],
        Key={"PK": {"S": f"GROUP#{event['group_id']}#EXECUTION#{event['execution_id']}"}, "SK": {"S": "EXECUTION"}},
        UpdateExpression="SET " + ", ".join(f"#{name} = :{name}" for name in attributes),
        ExpressionAttributeNames={f"#{name}": name for name in attributes},
        ExpressionAttributeValues={f":{name}": value for name, value in attributes.items()},
    )


def _dynamodb(event: dict[str, Any]) -> Any:
    """A client that may write the record: the runner's own role may not, so it begins a session as an attempt does."""
    if "ATTEMPT_ROLE_ARN" not in os.environ:
        return aws.client("dynamodb")
    session = aws.client("sts").assume_role(
        RoleArn=os.environ["ATTEMPT_ROLE_ARN"],
        RoleSessionName=event["execution_id"],
        Tags=[{"Key": "group", "Value": event["group_id"]}, {"Key": "execution", "Value": event["execution_id"]}],
    )["Credentials"]
    return aws.client(
        "dynamodb",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
