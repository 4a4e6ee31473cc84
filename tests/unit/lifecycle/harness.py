"""All that acts on executions, over an emulated AWS whose calls can fail: use cases, attempts, state machines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from botocore.exceptions import EndpointConnectionError
from tests.aws_table import GROUP, RETENTION_DAYS, Aws
from tests.fakes.budgets import FakeBudgets
from tests.fakes.clock import FakeClock
from tests.fakes.files import FakeFiles
from tests.fakes.limits import FakeLimits
from tests.fakes.orchestrator import FakeOrchestrator
from tests.fakes.prices import FakePrices
from tests.fakes.registrations import nothing_own
from tests.fakes.secrets import FakeSecrets
from tests.fakes.usage import FakeUsage
from tests.fakes.webhooks import NoWebhooks

from stepcrew.domain.approval import Approval, ApprovalKind, DecisionKind
from stepcrew.domain.errors import StepcrewError
from stepcrew.domain.execution import Execution, Progress, Status, TaskOutput, Usage
from stepcrew.domain.limits import LimitRules
from stepcrew.domain.models import ModelRules
from stepcrew.services.cancel_execution import CancelExecution
from stepcrew.services.decide_approval import DecideApproval, Feedback
from stepcrew.services.fill_slots import FillSlots
from stepcrew.services.find_missing_files import FindMissingFiles
from stepcrew.services.find_missing_secrets import FindMissingSecrets
from stepcrew.services.keep_token import KeepToken
from stepcrew.services.ports import Orchestration
from stepcrew.services.reconcile_execution import ReconcileExecution
from stepcrew.services.record_failure import Failure, RecordFailure
from stepcrew.services.submit_execution import CrewSubmission, SubmitExecution
from stepcrew.services.sweep_executions import Patience, SweepExecutions
from stepcrew.services.wake_machine import WakeMachine
from stepcrew.services.watch_budgets import WatchBudgets
from stepcrew.settings import Settings

Answer = TypeVar("Answer")
TASKS = 3
MOST_RUNNING = 1
"""At the same time: all others wait for a slot."""
SETTINGS = Settings(default_model="openai/gpt-4.1-mini", allowed_models=["openai/*"])
SILENT = timedelta(minutes=5)
LONG_FROM_NOW = datetime(2100, 1, 1, tzinfo=UTC)
"""Whether an idempotency record counts is decided by the machine's own clock, which must not pass this one."""


class Ended(NamedTuple):
    """How a call ended: with an answer, or with one of our errors."""

    answer: Any
    error: StepcrewError | None


class Worker:
    """One attempt, wherever it runs; it may be late and does not know it."""

    def __init__(self, execution: Execution, done: int) -> None:
        self.held = execution
        self.done = done
        self.spent = execution.usage.model_calls
        self.asked: Approval | None = None

    @property
    def usage(self) -> Usage:
        return Usage(model_calls=self.spent)

    @property
    def progress(self) -> Progress:
        return Progress(tasks_done=self.done, tasks_total=TASKS)


class FailingAws:
    """While it is active, one call to AWS fails: before AWS does anything, or after it has done all."""

    def __init__(self, aws: Aws) -> None:
        self.is_active = False
        self._at: int | None = None
        self._after = False
        events: Any = aws.clients.dynamodb.meta.events
        events.register("before-call.dynamodb", self._before_call)
        events.register("after-call.dynamodb", self._after_call)

    def fail_after(self, calls: int, *, after: bool) -> None:
        """The call after so many others fails."""
        self._at, self._after = calls, after

    def clear(self) -> None:
        self._at = None

    def _before_call(self, **_: object) -> None:
        self._fail_when_due(after=False)

    def _after_call(self, **_: object) -> None:
        self._fail_when_due(after=True)

    def _fail_when_due(self, *, after: bool) -> None:
        if not self.is_active or self._at is None or after is not self._after:
            return
        self._at -= 1
        if self._at < 0:
            self._at = None
            raise EndpointConnectionError(endpoint_url="an emulated AWS")


class Harness:
    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.clock = FakeClock(LONG_FROM_NOW)
        self.machine = FakeOrchestrator()
        self.failing_aws = FailingAws(aws)
        self._made = 0
        limits, wake = FakeLimits(), WakeMachine(aws.approvals, self.machine)
        limits.everyone = LimitRules(running_executions=MOST_RUNNING)
        rules = ModelRules("openai/gpt-4.1-mini", ["openai/*"])
        executions, approvals = aws.executions, aws.approvals
        missing = FindMissingSecrets(FakeSecrets(), {})
        fill_slots = FillSlots(aws.slots, limits, self.machine, wake, self.clock)
        self.submit = SubmitExecution(
            *(
                executions,
                self.clock,
                self._new_id,
                rules,
                limits,
                aws.crews,
                missing,
                FindMissingFiles(FakeFiles()),
                fill_slots,
                NoWebhooks(),
            ),
            *(nothing_own, FakePrices(), WatchBudgets(FakeBudgets(), FakeUsage(), self.clock), 30),
        )
        self.cancel = CancelExecution(executions, wake, self.clock)
        self.decide = DecideApproval(executions, approvals, limits, fill_slots, self.clock)
        self.keep_token = KeepToken(approvals, self.machine)
        self.record_failure = RecordFailure(executions, aws.traces, self.clock)
        self.reconcile = ReconcileExecution(
            *(executions, self.machine, self.decide, wake, self.record_failure),
            *(fill_slots, self.clock, timedelta(minutes=10), RETENTION_DAYS),
        )
        self.sweep = SweepExecutions(
            executions, self.reconcile, self.clock, Patience(timedelta(minutes=1), SILENT), RETENTION_DAYS
        )

    def _new_id(self) -> str:
        self._made += 1
        return f"01936a3c-0000-7000-8000-{self._made:012x}"

    def attempt(self, call: Callable[[], Answer]) -> Ended:
        """What is not one of our errors is a bug."""
        self.failing_aws.is_active = True
        try:
            return Ended(call(), None)
        except StepcrewError as error:
            return Ended(None, error)
        finally:
            self.failing_aws.is_active = False
            self.failing_aws.clear()
            self._machines()

    def _machines(self) -> None:
        """A state machine that was started runs until its record is terminal."""
        for execution_id in {*self.machine.started, *self.machine.replaced}:
            self.machine.standing.setdefault(execution_id, Orchestration("RUNNING"))

    def submission(self, key: str) -> CrewSubmission:
        tasks = [{"name": f"t{n}", "description": "D", "expected_output": "E", "agent": "a"} for n in range(TASKS)]
        config = {"agents": {"a": {"role": "R", "goal": "G", "backstory": "B"}}, "tasks": tasks}
        return CrewSubmission(GROUP, "ada", config, idempotency_key=key)

    def record(self, execution_id: str) -> Execution:
        return self.aws.executions.get(GROUP, execution_id)

    def outputs(self, execution_id: str) -> dict[int, str]:
        return {output.index: output.raw for output in self.aws.tasks.task_outputs(GROUP, execution_id)}

    def begin(self, execution_id: str) -> Worker:
        held = self.aws.executions.begin_attempt(GROUP, execution_id, self.clock.now())
        return Worker(held, len(self.outputs(execution_id)))

    def save_output(self, worker: Worker, text: str) -> None:
        index, attempt, now = worker.done, worker.held.attempt, self.clock.now()
        output = TaskOutput(index=index, name=f"t{index}", raw=text, attempt=attempt, ended_at=now)
        self.aws.tasks.save_task_output(worker.held, output, usage=worker.usage)

    def hand_over(self, worker: Worker) -> None:
        self.aws.executions.save_progress(
            worker.held,
            progress=worker.progress,
            usage=worker.usage,
            message="",
            now=self.clock.now(),
            traces_emitted=7,
        )

    def park(self, worker: Worker, wait: timedelta) -> Execution:
        if worker.asked is None:
            now = self.clock.now()
            worker.asked = Approval(
                execution_id=worker.held.execution_id,
                group_id=GROUP,
                number=worker.held.approvals + 1,
                kind=ApprovalKind.ANSWER,
                execution_name="crew",
                question="Good?",
                output="text",
                requested_at=now,
                expires_at=now + wait,
                attempt=worker.held.attempt,
            )
        return self.aws.approvals.park(
            worker.held,
            worker.asked,
            progress=worker.progress,
            usage=worker.usage,
            traces_emitted=7,
            now=self.clock.now(),
        )

    def finish(self, worker: Worker, status: Status) -> Execution:
        return self.aws.executions.finish(
            worker.held, status, message="", now=self.clock.now(), usage=worker.usage, traces_emitted=9
        )

    def feedback(self, execution_id: str, decision: DecisionKind, who: str, number: int | None) -> Feedback:
        approval_id = f"{execution_id}.{number}" if number else None
        comment = "Shorter." if decision is DecisionKind.REVISE else None
        return Feedback(GROUP, execution_id, decision, who, comment=comment, approval_id=approval_id)

    def give_up(self, execution_id: str) -> str:
        return self.record_failure(GROUP, execution_id, Failure("Runtime.ExitError", "signal: killed"))
