from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from botocore.model import OperationModel
from tests.aws_table import GROUP, ID, NOW, TABLE, Aws
from tests.fakes.orchestrator import FakeOrchestrator
from tests.unit.services.reconciling import LOST, SILENT, MovableClock, harness, park, submitted

from stepcrew.aws import keys
from stepcrew.services.cancel_execution import request_cancel
from stepcrew.services.ports import Orchestration
from stepcrew.services.reconcile_execution import Action
from stepcrew.services.sweep_executions import Swept

SECOND = timedelta(seconds=1)
OTHERS = [f"{ID[:-1]}{digit}" for digit in "0123456789"]


def sweep(aws: Aws, orchestrator: FakeOrchestrator, after: timedelta, *, looks: int = 1000) -> Swept:
    """One sweep, so long after the executions were written, that has time for so many of them."""
    times = iter(range(looks))
    return harness(aws, orchestrator, MovableClock(NOW + after)).sweep(lambda: next(times, None) is not None)


def test_an_execution_that_has_just_been_submitted_is_left_to_the_api(aws: Aws, orchestrator: FakeOrchestrator) -> None:
    submitted(aws)
    assert not sweep(aws, orchestrator, LOST - SECOND).actions
    assert sweep(aws, orchestrator, LOST).actions == {Action.STARTED: 1}


def test_a_running_execution_is_looked_at_when_nothing_was_heard_for_a_while(
    aws: Aws, orchestrator: FakeOrchestrator
) -> None:
    submitted(aws)
    aws.executions.begin_attempt(GROUP, ID, NOW)
    assert not sweep(aws, orchestrator, SILENT - SECOND).actions
    assert sweep(aws, orchestrator, SILENT).actions == {Action.ENDED: 1}


def test_an_execution_that_waits_is_looked_at_now_and_then(aws: Aws, orchestrator: FakeOrchestrator) -> None:
    submitted(aws)
    park(aws, seconds=30 * 24 * 3600)
    orchestrator.standing[ID] = Orchestration("RUNNING")
    looked = [
        minute
        for minute in range(31)
        if sweep(aws, orchestrator, timedelta(minutes=minute)).actions == {Action.NOTHING: 1}
    ]
    assert looked == [10, 20, 30]


def test_a_wait_that_is_over_is_looked_at_at_once(aws: Aws, orchestrator: FakeOrchestrator) -> None:
    submitted(aws)
    park(aws, seconds=60)
    orchestrator.standing[ID] = Orchestration("RUNNING")
    sweep(aws, orchestrator, timedelta(minutes=3))
    [approval] = aws.approvals.approvals(GROUP, ID)
    assert approval.decision


def test_one_execution_that_cannot_be_seen_to_does_not_keep_the_others_from_it(
    aws: Aws, orchestrator: FakeOrchestrator
) -> None:
    for execution_id in OTHERS:
        submitted(aws, execution_id)
    orchestrator.outages = 1
    swept = sweep(aws, orchestrator, LOST)
    assert (swept.failures, swept.actions) == (1, {Action.STARTED: len(OTHERS) - 1})


def test_a_record_that_cannot_be_read_does_not_keep_the_others_from_being_seen_to(
    aws: Aws, orchestrator: FakeOrchestrator
) -> None:
    for execution_id in OTHERS:
        submitted(aws, execution_id)
    aws.clients.dynamodb.update_item(
        TableName=TABLE,
        Key={"PK": {"S": keys.execution(GROUP, OTHERS[0])}, "SK": {"S": keys.EXECUTION}},
        UpdateExpression="SET deadline = :nonsense",
        ExpressionAttributeValues={":nonsense": {"S": "soon"}},
    )
    assert sweep(aws, orchestrator, LOST).actions == {Action.STARTED: len(OTHERS) - 1}


def test_a_sweep_ends_in_time_and_the_next_ones_begin_elsewhere(aws: Aws, orchestrator: FakeOrchestrator) -> None:
    for execution_id in OTHERS:
        submitted(aws, execution_id)
    swept = sweep(aws, orchestrator, LOST, looks=3)
    assert swept.cut_short
    assert swept.actions == {Action.STARTED: 3}

    for minute in range(1, keys.OPEN_SHARDS):
        sweep(aws, orchestrator, LOST + timedelta(minutes=minute), looks=3)
    assert set(orchestrator.started) == set(OTHERS)


def test_two_sweeps_at_once_do_no_harm(aws: Aws, orchestrator: FakeOrchestrator) -> None:
    submitted(aws)
    aws.executions.begin_attempt(GROUP, ID, NOW)
    assert sweep(aws, orchestrator, SILENT).actions == {Action.ENDED: 1}
    ended = aws.executions.get(GROUP, ID)
    assert not sweep(aws, orchestrator, SILENT).actions
    assert aws.executions.get(GROUP, ID) == ended


def test_a_sweep_reads_open_executions_and_nothing_else(aws: Aws, orchestrator: FakeOrchestrator) -> None:
    for execution_id in OTHERS:
        submitted(aws, execution_id)
        request_cancel(aws.executions, GROUP, execution_id, NOW)
    submitted(aws)
    asked: list[tuple[str, dict[str, Any]]] = []

    def note(params: dict[str, Any], model: OperationModel, **_: Any) -> None:
        asked.append((model.name, json.loads(params["body"])))

    aws.clients.dynamodb.meta.events.register("before-call.dynamodb", note)
    sweep(aws, orchestrator, LOST)

    queries = [body["IndexName"] for name, body in asked if name == "Query"]
    assert queries == [keys.OPEN_INDEX] * keys.OPEN_SHARDS
    [batch] = [body for name, body in asked if name == "BatchGetItem"]
    assert [key["PK"]["S"] for key in batch["RequestItems"][TABLE]["Keys"]] == [keys.execution(GROUP, ID)]
    assert {name for name, _ in asked} == {"Query", "BatchGetItem", "GetItem"}
