"""Stand-ins for the runner and the reconciler that do what the test's script says, call by call.

A script is a JSON list of actions; the last one repeats. An action may set the record's status, then raises, exits,
sleeps or answers. Every event received is written down beside the script.
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
        aws.client("dynamodb").update_item(
            TableName=os.environ["TABLE_NAME"],
            Key={
                "PK": {"S": f"GROUP#{event['group_id']}#EXECUTION#{event['execution_id']}"},
                "SK": {"S": "EXECUTION"},
            },
            UpdateExpression="SET #s = :s",
            ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={":s": {"S": action["set_status"]}},
        )
    if "raise" in action:
        raise type(action["raise"], (Exception,), {})("as the script says")
    if "exit" in action:
        os._exit(action["exit"])
    time.sleep(action.get("sleep", 0))
    return action.get("answer")
