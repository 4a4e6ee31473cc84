from __future__ import annotations

from collections.abc import Generator

import pytest
from tests.aws_table import GROUP, ID, NOW, Aws, FixedClock, emulated_aws, execution, submission
from tests.unit.functions.test_trace_sink import Context

from stepcrew.domain.errors import Category
from stepcrew.domain.execution import Progress, Status, Usage
from stepcrew.domain.trace import SYSTEM_ATTEMPT
from stepcrew.services.record_failure import RecordFailure
from stepcrew_reconciler import handler as reconciler
from stepcrew_reconciler import wiring


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Generator[Aws]:
    with emulated_aws() as emulated:
        emulated.executions.create(execution(), submission(), None)
        use_case = RecordFailure(emulated.executions, emulated.traces, FixedClock())
        monkeypatch.setattr(wiring, "record_failure", lambda: use_case)
        yield emulated


def fail(error: str, cause: str = "") -> str:
    event: dict[str, object] = {
        "group_id": GROUP,
        "execution_id": ID,
        "failure": {"error": error, "cause": cause},
    }
    return reconciler.handler(event, Context())["outcome"]


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
    aws.executions.request_cancel(GROUP, ID, NOW)
    assert fail("Runtime.ExitError") == "CANCELLED"


def test_a_deleted_execution_is_said_to_be_deleted(aws: Aws) -> None:
    aws.executions.request_cancel(GROUP, ID, NOW)
    aws.executions.delete(GROUP, ID)
    assert fail("Lambda.Unknown") == "DELETED"
