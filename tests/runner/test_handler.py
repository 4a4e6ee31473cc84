"""The deployed handler with its own wiring, on an emulated AWS."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator
from typing import Any

import pytest
from moto import mock_aws

from scripted_model import ScriptedModel
from stepcrew import settings
from stepcrew.aws.attempt_sessions import AttemptSessions
from stepcrew.aws.clients import SessionKeys
from stepcrew.aws.meter import RequestMeter
from stepcrew.domain.execution import Limits, Status
from stepcrew.domain.submission import Submission
from stepcrew_runner import wiring
from stepcrew_runner.isolation import addresses
from tests.aws_table import BUCKET, CREDENTIALS, GROUP, TABLE, Aws, emulated_aws
from tests.runner.fakes import FakeClock, new_execution
from tests.runner.harness import agent, crew, task

ID = "01936a3c-0000-7000-8000-0000000000bb"
OTHER_ID = "01936a3c-0000-7000-8000-0000000000bc"


class Context:
    """What Lambda passes beside the event."""

    function_name = "runner"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:runner"
    aws_request_id = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 900_000


@pytest.fixture
def aws(model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> Generator[Aws]:
    for name, value in {**CREDENTIALS, "AWS_SESSION_TOKEN": "test"}.items():
        monkeypatch.setenv(name, value)
    with mock_aws(), emulated_aws() as emulated:
        queue = emulated.clients.sqs.create_queue(QueueName="trace.fifo", Attributes={"FifoQueue": "true"})
        for name, value in {
            "TABLE_NAME": TABLE,
            "BUCKET_NAME": BUCKET,
            "TRACE_QUEUE_URL": queue["QueueUrl"],
            "DEFAULT_MODEL": "openai/gpt-4.1-mini",
            "SECRETS_PREFIX": "/stepcrew/test",
            "ATTEMPT_ROLE_ARN": "arn:aws:iam::123456789012:role/attempt",
        }.items():
            monkeypatch.setenv(name, value)
        settings.settings.cache_clear()
        wiring.sessions.cache_clear()
        yield emulated
        settings.settings.cache_clear()
        wiring.sessions.cache_clear()


def submit(aws: Aws, config: dict[str, Any]) -> None:
    submission = Submission.model_validate({"definition": config})
    tasks = len(submission.definition.tasks)
    aws.executions.create(new_execution(ID, tasks, FakeClock().now(), Limits(), GROUP), submission, None)


def invoke() -> dict[str, object]:
    from stepcrew_runner.handler import handler

    return handler({"group_id": GROUP, "execution_id": ID}, Context())  # type: ignore[arg-type]


def test_an_invocation_runs_the_crew_and_answers_its_outcome(aws: Aws, model: ScriptedModel) -> None:
    with addresses.trusted():
        submit(aws, crew(task("One. [[say ONE]]", "one"), task("Two. [[say TWO]]", "two", agent="worker")))
    assert invoke() == {"outcome": "COMPLETED", "attempt": 1}
    with addresses.trusted():
        assert aws.executions.get(GROUP, ID).status is Status.COMPLETED
        assert [output.raw for output in aws.tasks.task_outputs(GROUP, ID)] == ["ONE", "TWO"]
    assert invoke() == {"outcome": "SUPERSEDED", "attempt": 0}
    assert len(model.requests) == 2


def test_the_first_attempt_of_an_execution_is_measured_once(
    aws: Aws, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stepcrew_runner import handler

    sent: list[str] = []

    def add(name: str, _value: float = 1, of: str = "") -> None:
        sent.append(name)

    monkeypatch.setattr(handler.metrics, "add", add)
    with addresses.trusted():
        submit(aws, crew(task("One. [[say ONE]]", "one")))
        aws.executions.begin_attempt(GROUP, ID, FakeClock().now())
    assert invoke()["attempt"] == 2
    assert "Attempts" in sent
    assert "ExecutionsBegun" not in sent
    with addresses.trusted():
        aws.executions.create(
            new_execution(OTHER_ID, 1, FakeClock().now(), Limits(), GROUP),
            Submission.model_validate({"definition": crew(task("Two. [[say TWO]]", "two"))}),
            None,
        )
    assert handler.handler({"group_id": GROUP, "execution_id": OTHER_ID}, Context())["attempt"] == 1  # type: ignore[arg-type]
    assert sent.count("ExecutionsBegun") == 1


def test_secrets_come_from_the_parameter_store(aws: Aws, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with addresses.trusted():
        for name, value in {
            "operator/OPENAI_API_KEY": "sk-from-parameter-store",
            f"groups/{GROUP}/SERPER_API_KEY": "group-secret-value",
        }.items():
            aws.clients.ssm.put_parameter(Name=f"/stepcrew/test/{name}", Value=value, Type="SecureString")
        submit(aws, {"agents": {"worker": agent(tools=["SerperDevTool"])}, "tasks": [task("Do. [[say done]]")]})
    assert invoke()["outcome"] == "COMPLETED"
    assert model.requests[0].authorization == "Bearer sk-from-parameter-store"


def test_while_a_crew_runs_no_credentials_of_aws_are_in_the_environment(aws: Aws, model: ScriptedModel) -> None:
    with addresses.trusted():
        submit(aws, crew(task("One. [[say ONE]]", "one")))
    assert invoke()["outcome"] == "COMPLETED"
    assert not [name for name in os.environ if name.startswith("AWS_") and name.endswith(("KEY_ID", "KEY", "TOKEN"))]


def test_each_attempt_begins_a_session_for_its_own_group_and_execution(
    aws: Aws, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[tuple[str, str]] = []
    begin = AttemptSessions.clients

    def clients(self: AttemptSessions, group_id: str, execution_id: str, meter: RequestMeter) -> Any:
        begun.append((group_id, execution_id))
        return begin(self, group_id, execution_id, meter)

    monkeypatch.setattr(AttemptSessions, "clients", clients)
    with addresses.trusted():
        submit(aws, crew(task("One. [[say ONE]]", "one")))
    invoke()
    invoke()
    assert begun == [(GROUP, ID)] * 2


def test_what_the_attempt_itself_signs_with_is_masked_wherever_text_goes_out(
    aws: Aws, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = SessionKeys("ASIACANARYOFTHESESSION", "canary/of+the-session", "canary-token-of-the-session")
    own = {
        "AWS_ACCESS_KEY_ID": "ASIACANARYOFTHEFUNCTION",
        "AWS_SECRET_ACCESS_KEY": "canary/of+the-function",
        "AWS_SESSION_TOKEN": "canary-token-of-the-function",
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)

    def begin(*_: object) -> SessionKeys:
        return session

    monkeypatch.setattr(AttemptSessions, "_begin", begin)
    canaries = [*session.as_arguments.values(), *own.values()]
    model.words["keys"] = " ".join(canaries)
    with addresses.trusted():
        submit(aws, crew(task("One. [[say <<keys>>]]", "one")))

    assert invoke()["outcome"] == "COMPLETED"

    with addresses.trusted():
        [output] = aws.tasks.task_outputs(GROUP, ID)
        sent = aws.clients.sqs.receive_message(QueueUrl=os.environ["TRACE_QUEUE_URL"], MaxNumberOfMessages=10)
    assert output.raw.count("[secret]") == len(canaries)
    messages = [message.get("Body", "") for message in sent.get("Messages", [])]
    assert any("[secret]" in message for message in messages)
    assert not [canary for canary in canaries for message in messages if canary in message]


def test_what_the_core_says_reaches_the_executions_own_log_where_it_is_masked() -> None:
    from stepcrew_runner import handler

    assert handler.logger
    core = logging.getLogger("stepcrew")
    assert (core.handlers, core.propagate) == ([], True)
