"""Tells what a restart of the emulator ended: AWS would send an event for each, the emulator sends none."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from stepcrew_local.deploy import physical_id
from stepcrew_local.emulator import Emulator

RECONCILER = "ReconcilerFunction"
ERROR = "States.ServiceRestart"
"""What the emulator gives as error of a state machine execution that was running when it ended."""


def tell_of_restart(emulator: Emulator, state_machines: Iterable[str], since: datetime) -> int:
    """Sends the reconciler one event for each state machine execution that came back failed; answers how many.

    Args:
        state_machines: their ARNs.
        since: when the emulator was started, aware.
    """
    states, functions = emulator.client("stepfunctions"), emulator.client("lambda")
    reconciler = physical_id(emulator, RECONCILER)
    told = 0
    listing = states.get_paginator("list_executions")
    pages = (page for arn in state_machines for page in listing.paginate(stateMachineArn=arn, statusFilter="FAILED"))
    for entry in (entry for page in pages for entry in page["executions"] if entry["stopDate"] >= since):
        ended: dict[str, Any] = states.describe_execution(executionArn=entry["executionArn"])
        if ended.get("error") != ERROR:
            continue
        event = {
            "source": "aws.states",
            "detail-type": "Step Functions Execution Status Change",
            "detail": {name: ended[name] for name in ("executionArn", "stateMachineArn", "name", "status", "input")},
        }
        functions.invoke(FunctionName=reconciler, InvocationType="Event", Payload=json.dumps(event))
        told += 1
    return told
