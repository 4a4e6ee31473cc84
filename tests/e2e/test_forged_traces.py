"""Trace messages that somebody sends about an execution that is not theirs, with everything a runner has."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from scripted_model import ScriptedModel
from stepcrew.domain.trace import EventSource, TraceBatch, TraceEvent
from stepcrew_local.emulator import REGION
from stepcrew_local.stack import Stack
from tests.e2e.faults import variables
from tests.e2e.user import User, crew, task

Running = tuple[str, ScriptedModel, Stack]
ATTEMPT = 9
"""One of its own beside those that ran, so that nothing sent here is taken for theirs."""
FORGED, TRUE = "forged", "true"


@pytest.fixture
def attacker(running: Running, ada: User) -> Attacker:
    ada.run(crew(task("Start a runner. [[say STARTED]]")))
    return Attacker(running[2])


class Attacker:
    """Has got hold of the runner's own credentials, as a process on its machine could."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._environment = variables(stack, "RunnerFunction")

    def session(self, group_id: str, execution_id: str) -> Any:
        """An attempt's session under that name."""
        tags = [{"Key": "group", "Value": group_id}, {"Key": "execution", "Value": execution_id}]
        answer = self._client("sts", self._own()).assume_role(
            RoleArn=self._environment["ATTEMPT_ROLE_ARN"], RoleSessionName=execution_id, Tags=tags
        )["Credentials"]
        return self._client("sqs", (answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"]))

    def runner(self) -> Any:
        """The function's own role, without a session."""
        return self._client("sqs", self._own())

    def _own(self) -> tuple[str, str, str]:
        found = self._environment
        return found["AWS_ACCESS_KEY_ID"], found["AWS_SECRET_ACCESS_KEY"], found["AWS_SESSION_TOKEN"]

    def _client(self, service: str, keys: tuple[str, str, str]) -> Any:
        address = self._stack.client("sqs").meta.endpoint_url
        untyped: Any = boto3
        return untyped.Session(*keys).client(service, endpoint_url=address, region_name=REGION)


def message(stack: Stack, execution_id: str, sequence: int, output: str) -> dict[str, Any]:
    event = TraceEvent(
        execution_id=execution_id,
        group_id="demo",
        attempt=ATTEMPT,
        sequence=sequence,
        emitted_at=datetime.now(UTC),
        event_type="task_completed",
        event_source=EventSource.TASK,
        output=output,
    )
    batch = TraceBatch(group_id="demo", execution_id=execution_id, attempt=ATTEMPT, events=[event], logs=[])
    return {
        "QueueUrl": stack.outputs["TraceQueueUrl"],
        "MessageBody": batch.model_dump_json(),
        "MessageGroupId": execution_id,
        "MessageDeduplicationId": f"{execution_id}-{sequence}-{output}",
    }


@pytest.mark.parametrize("sender", ["of another group", "of the same group"])
def test_what_another_executions_session_says_is_not_in_the_trace_and_holds_nobody_up(
    running: Running, ada: User, bob: User, model: ScriptedModel, attacker: Attacker, sender: str
) -> None:
    stack = running[2]
    victim = ada.run(crew(task("Mine. [[say MINE]]")))["execution_id"]
    other, group = (bob, "other") if sender == "of another group" else (ada, "demo")
    own = other.run(crew(task("Theirs. [[say THEIRS]]")))["execution_id"]
    assert other.get("/me").json()["group_id"] == group
    before = ada.trace(victim)

    attacker.session(group, own).send_message(**message(stack, victim, 1, FORGED))
    # Behind it in the same order: once this one is stored, the one before has been decided about.
    attacker.session("demo", victim).send_message(**message(stack, victim, 2, TRUE))
    ada.until(victim, lambda record: record["traces"]["recorded"] > len(before))

    told = [event["output"] for event in ada.trace(victim) if event["attempt"] == ATTEMPT]
    assert told == [TRUE]
    log = (stack.data / "logs" / "TraceSinkFunction.log").read_text().splitlines()
    refused = [json.loads(line) for line in log if "was not sent by an attempt of its execution" in line]
    assert any(line["named"] == victim and line["sender"].endswith(f":{own}") for line in refused)
    assert any('"TraceMessagesRefused":[1' in line.replace(" ", "") for line in log)


def test_the_runners_own_role_sends_no_trace_messages(running: Running, ada: User, attacker: Attacker) -> None:
    victim = ada.run(crew(task("Mine. [[say MINE]]")))["execution_id"]

    with pytest.raises(ClientError, match="AccessDenied"):
        attacker.runner().send_message(**message(running[2], victim, 1, FORGED))
