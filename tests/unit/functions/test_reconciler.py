from __future__ import annotations

import json
from collections.abc import Generator
from datetime import timedelta

import pytest
from pydantic import ValidationError
from tests.aws_table import GROUP, ID, NOW, Aws, emulated_aws, execution, submission
from tests.fakes.orchestrator import FakeOrchestrator
from tests.unit.functions.test_trace_sink import Context
from tests.unit.services.reconciling import Harness, MovableClock, harness, park

from stepcrew.domain.batch import Batch
from stepcrew.domain.erasure import Erasure
from stepcrew.domain.errors import Category, PlatformUnavailable
from stepcrew.domain.execution import Progress, Status, Usage
from stepcrew.domain.trace import SYSTEM_ATTEMPT
from stepcrew.services.cancel_execution import request_cancel
from stepcrew.services.ports import Orchestration
from stepcrew.services.record_failure import Failure, explain
from stepcrew_reconciler import handler as reconciler


class Minutes(Context):
    """Of an invocation that has just begun."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 120_000


@pytest.fixture
def aws() -> Generator[Aws]:
    with emulated_aws() as emulated:
        emulated.executions.create(execution(), submission(), None)
        yield emulated


@pytest.fixture(autouse=True)
def made(monkeypatch: pytest.MonkeyPatch, aws: Aws, orchestrator: FakeOrchestrator) -> Harness:
    made = Harness(aws, orchestrator, MovableClock())
    monkeypatch.setattr(reconciler, "reconciler", lambda: made)
    return made


def call(**event: object) -> dict[str, object]:
    return reconciler.handler({"group_id": GROUP, "execution_id": ID, **event}, Minutes())


def fail(error: str, cause: str = "") -> object:
    return call(failure={"error": error, "cause": cause})["outcome"]


@pytest.mark.parametrize(
    ("error", "cause", "category", "kind"),
    [
        ("Runtime.ExitError", "RequestId: 1 Error: Runtime exited with error: exit status 1", "crash", "RunnerCrashed"),
        ("Runtime.ExitError", "Error: Runtime exited with error: signal: killed", "crash", "OutOfMemory"),
        ("Lambda.Unknown", "The cause could not be determined", "crash", "RunnerCrashed"),
        ("Sandbox.Timedout", "Task timed out after 900.00 seconds", "crash", "InvocationTimedOut"),
        ("States.Timeout", "", "timeout", "DeadlinePassed"),
        ("Lambda.ResourceNotFoundException", "", "platform", "Lambda.ResourceNotFoundException"),
    ],
)
def test_the_failure_says_what_happened_and_what_to_do(
    aws: Aws, error: str, cause: str, category: str, kind: str
) -> None:
    running = aws.executions.begin_attempt(GROUP, ID, NOW)
    aws.executions.save_progress(
        running, progress=Progress(current_task="haiku", tasks_total=1), usage=Usage(), message="", now=NOW
    )
    assert fail(error, cause) == "FAILED"
    ended = aws.executions.get(GROUP, ID)
    assert ended.status is Status.FAILED
    assert ended.error is not None
    assert (ended.error.category, ended.error.type, ended.error.task) == (Category(category), kind, "haiku")
    assert ended.error.remedy
    event = aws.traces.event(GROUP, ID, SYSTEM_ATTEMPT, 1)
    assert event is not None
    assert (event.event_type, event.event_source, event.output) == ("error", "system", ended.error.message)


@pytest.mark.parametrize(
    ("error", "cause", "reason"),
    [
        ("Runtime.ExitError", "RequestId: 1 Error: Runtime exited with error: exit status 1", "exit status 1"),
        ("Runtime.ExitError", "RequestId: 1 Error: Runtime exited with error: signal: segmentation fault", "fault"),
        ("Runtime.ExitError", '{"errorMessage":"Runtime exited with error: signal: killed"}', "signal: killed"),
        ("Lambda.Unknown", "The cause could not be determined", "Lambda.Unknown"),
    ],
)
def test_the_record_says_how_the_runner_died(aws: Aws, error: str, cause: str, reason: str) -> None:
    aws.executions.begin_attempt(GROUP, ID, NOW)
    fail(error, cause)
    assert aws.executions.get(GROUP, ID).message.endswith(f"{reason}.")


@pytest.mark.parametrize(
    ("error", "cause", "told"),
    [
        (
            "PlatformUnavailable",
            '{"errorMessage": "Reading failed: AWS answered X.", "stackTrace": []}',
            "AWS answered X.",
        ),
        ("Unexpected", '{"errorMessage": "KeyError: a"}', "The platform could not run the crew: KeyError: a."),
        ("PlatformUnavailable", "no JSON", "The platform could not run the crew: PlatformUnavailable."),
        ("PlatformUnavailable", "[1]", "The platform could not run the crew: PlatformUnavailable."),
        ("ValueError", '{"errorMessage": "a secret"}', "The platform could not run the crew: ValueError."),
    ],
)
def test_the_record_says_what_the_runner_said_of_the_platform(aws: Aws, error: str, cause: str, told: str) -> None:
    aws.executions.begin_attempt(GROUP, ID, NOW)
    fail(error, cause)
    assert aws.executions.get(GROUP, ID).message.endswith(told)


@pytest.mark.parametrize(("runner", "remedy"), [("arn:project:1", "Deploy the project again"), (None, "Tell the op")])
def test_a_function_that_is_gone_is_not_worth_another_try(runner: str | None, remedy: str) -> None:
    found = explain(Failure("Lambda.ResourceNotFoundException", ""), execution().model_copy(update={"runner": runner}))
    assert (found.retryable, found.remedy.startswith(remedy)) == (False, True)


def test_recording_it_again_changes_nothing(aws: Aws) -> None:
    assert fail("Lambda.Unknown") == "FAILED"
    before = aws.executions.get(GROUP, ID)
    assert fail("States.Timeout") == "FAILED"
    after = aws.executions.get(GROUP, ID)
    assert after.model_dump(exclude={"revision", "updated_at"}) == before.model_dump(exclude={"revision", "updated_at"})
    assert after.traces_recorded == after.traces_emitted == {str(SYSTEM_ATTEMPT): 1}


def test_an_execution_that_ended_after_all_keeps_its_ending(aws: Aws) -> None:
    aws.executions.finish(aws.executions.begin_attempt(GROUP, ID, NOW), Status.COMPLETED, message="done", now=NOW)
    assert fail("Lambda.Unknown") == "COMPLETED"
    assert aws.executions.get(GROUP, ID).error is None
    assert aws.traces.event(GROUP, ID, SYSTEM_ATTEMPT, 1) is None


def test_a_runner_that_died_while_cancelling_leaves_a_cancelled_execution(aws: Aws) -> None:
    aws.executions.begin_attempt(GROUP, ID, NOW)
    request_cancel(aws.executions, GROUP, ID, NOW)
    assert fail("Runtime.ExitError") == "CANCELLED"
    receipt = aws.executions.get(GROUP, ID).cancel_receipt
    assert receipt
    assert (receipt.requested_at, receipt.observed_at) == (NOW, NOW)
    assert receipt.model_calls is None  # who could count them is dead


def test_a_deleted_execution_is_said_to_be_deleted(aws: Aws) -> None:
    request_cancel(aws.executions, GROUP, ID, NOW)
    aws.executions.delete(GROUP, ID)
    assert fail("Lambda.Unknown") == "DELETED"


def test_the_token_of_an_execution_that_waits_is_kept(aws: Aws, orchestrator: FakeOrchestrator) -> None:
    park(aws)
    assert call(task_token="token") == {"kept": True}
    assert aws.approvals.token(GROUP, ID) == "token"
    assert not orchestrator.resumed


def test_the_token_of_an_execution_that_does_not_wait_any_more_is_sent_back(
    aws: Aws, orchestrator: FakeOrchestrator
) -> None:
    assert call(task_token="token") == {"kept": False}
    assert orchestrator.resumed == ["token"]


def test_a_token_that_can_neither_be_kept_nor_sent_back_is_an_error_for_the_machine_to_repeat(
    aws: Aws, orchestrator: FakeOrchestrator
) -> None:
    orchestrator.outages = 1
    with pytest.raises(PlatformUnavailable):
        call(task_token="token")


def test_a_wait_that_expired_is_decided_by_default(aws: Aws) -> None:
    park(aws, seconds=0)
    assert call(expired=True) == {"outcome": "RUNNING"}
    [approval] = aws.approvals.approvals(GROUP, ID)
    assert approval.decision
    assert (approval.decision.kind, approval.decision.decided_by) == ("reject", None)


def test_a_wait_of_a_deleted_execution_expires_without_harm(aws: Aws) -> None:
    request_cancel(aws.executions, GROUP, ID, NOW)
    aws.executions.delete(GROUP, ID)
    assert call(expired=True) == {"outcome": "DELETED"}


def test_a_state_machine_that_ended_abnormally_is_heard_of_at_once(aws: Aws, orchestrator: FakeOrchestrator) -> None:
    aws.executions.begin_attempt(GROUP, ID, NOW)
    orchestrator.standing[ID] = Orchestration("ABORTED", "Operator", "by hand")
    event: dict[str, object] = {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": {
            "executionArn": f"arn:aws:states:us-east-1:123456789012:execution:m:{ID}",
            "name": ID,
            "status": "ABORTED",
            "input": json.dumps({"group_id": GROUP, "execution_id": ID, "deadline": "2026-11-24T10:00:00.000000Z"}),
        },
    }

    assert reconciler.handler(event, Minutes()) == {"action": "ended"}
    ended = aws.executions.get(GROUP, ID)
    assert ended.status is Status.FAILED
    assert "Operator: by hand" in ended.message


def test_the_state_machine_of_a_batch_that_was_stopped_is_replaced(made: Harness) -> None:
    batch = Batch(
        batch_id="b-1",
        group_id=GROUP,
        name="june",
        crew="haiku@1",
        total=1,
        rows_in_round=1,
        max_concurrency=1,
        tolerated_failures=0,
        created_at=NOW,
        updated_at=NOW,
    )
    made.batches.create(batch, None)
    made.batch_machine.standing = Orchestration("ABORTED")
    detail = {"status": "ABORTED", "input": json.dumps({"group_id": GROUP, "batch_id": "b-1", "round": 1})}
    event: dict[str, object] = {"detail-type": "Step Functions Execution Status Change", "detail": detail}
    assert reconciler.handler(event, Minutes()) == {"action": "replaced"}


def test_every_minute_the_open_executions_are_swept(
    aws: Aws, orchestrator: FakeOrchestrator, capsys: pytest.CaptureFixture[str]
) -> None:
    event: dict[str, object] = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
    assert reconciler.handler(event, Minutes()) == {"actions": {}, "failures": 0, "cut_short": False, "erased": 0}
    # A metric is paid for by each hour in which it is sent, a zero as much as a one.
    assert capsys.readouterr().out == ""

    reconciler.reconciler().sweep = harness(aws, orchestrator, MovableClock(NOW + timedelta(minutes=2))).sweep
    swept = {"actions": {"started": 1}, "failures": 0, "cut_short": False, "erased": 0}
    assert reconciler.handler(event, Minutes()) == swept
    assert orchestrator.started == [ID]
    assert '"ExecutionsStarted":[1.0]' in capsys.readouterr().out


def test_a_sweep_goes_on_with_what_is_to_be_erased(aws: Aws, made: Harness, capsys: pytest.CaptureFixture[str]) -> None:
    asked_at = NOW + timedelta(minutes=1)
    erasure = Erasure(erasure_id="er-1", group_id=GROUP, user="ada", created_at=asked_at, updated_at=asked_at)
    made.erasures_kept.create(erasure)
    event: dict[str, object] = {"source": "aws.events", "detail-type": "Scheduled Event", "detail": {}}
    assert reconciler.handler(event, Minutes())["erased"] == 1
    assert '"ErasuresCompleted":[1.0]' in capsys.readouterr().out
    assert list(made.erasures_kept.open_erasures()) == []


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"group_id": GROUP, "execution_id": ID},
        {"group_id": GROUP, "execution_id": ID, "task_token": ""},
        {"group_id": GROUP, "execution_id": ID, "expired": False},
        {"group_id": GROUP, "execution_id": ID, "task_token": "t", "failure": {}},
        {"detail-type": "Another Event"},
    ],
)
def test_an_event_it_does_not_know_is_an_error(aws: Aws, event: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        reconciler.handler(event, Minutes())
