"""One attempt: takes the execution over, runs its crew from the checkpoints on, and says how it went."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable, Generator, Mapping
from enum import StrEnum
from typing import NamedTuple

from stepcrew.domain.errors import Category, ExecutionError, ExecutionNotFound, PlatformUnavailable, Superseded
from stepcrew.domain.execution import Execution, Status, TaskOutput
from stepcrew.domain.submission import Submission
from stepcrew.domain.trace import LogLine, TraceEvent
from stepcrew.services.ports import Clock, ExecutionStore, PayloadStore, Secrets, TaskOutputStore, TraceQueue
from stepcrew_runner import environment
from stepcrew_runner.aborts import CancelRequested, CrewFailed, Fenced, LimitReached, OutOfTime
from stepcrew_runner.building import CrewBuilder, secret_names
from stepcrew_runner.claim_check import ClaimCheck
from stepcrew_runner.control import Control
from stepcrew_runner.crews import KeptPlan
from stepcrew_runner.failures import explain
from stepcrew_runner.logs import execution_log
from stepcrew_runner.models import ModelFactory, longest_call
from stepcrew_runner.recorder import TraceRecorder
from stepcrew_runner.redaction import Redactor
from stepcrew_runner.running import CrewRun
from stepcrew_runner.sender import TraceSender
from stepcrew_runner.usage import UsageMeter

logger = logging.getLogger("stepcrew_runner")


class Outcome(StrEnum):
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    CONTINUE = "CONTINUE"
    SUPERSEDED = "SUPERSEDED"


class Answer(NamedTuple):
    """What the state machine hears."""

    outcome: Outcome
    attempt: int


class Ports(NamedTuple):
    executions: ExecutionStore
    tasks: TaskOutputStore
    queue: TraceQueue
    payloads: PayloadStore
    secrets: Secrets
    clock: Clock


class Verdict(NamedTuple):
    """How the crew's part of the attempt ended."""

    outcome: Outcome
    message: str
    error: ExecutionError | None = None


CANCELLED = ExecutionError(
    category=Category.CANCELLED,
    type="Cancelled",
    message="The execution was cancelled on request.",
    remedy="Its finished tasks' outputs stay readable.",
)
TOO_LONG = ExecutionError(
    category=Category.TIMEOUT,
    type="TaskTooLong",
    message="One crew task needs more time than a whole invocation of the runner has.",
    remedy="Split the task into smaller ones.",
)


class RunAttempt:
    """Raises only for faults of the platform; the state machine repeats those."""

    def __init__(self, ports: Ports, default_model: str) -> None:
        self._ports = ports
        self._default_model = default_model

    def __call__(self, group_id: str, execution_id: str, remaining: Callable[[], float]) -> Answer:
        """`remaining` tells the seconds left of this invocation."""
        try:
            execution = self._ports.executions.begin_attempt(group_id, execution_id, self._ports.clock.now())
        except (Superseded, ExecutionNotFound):
            return Answer(Outcome.SUPERSEDED, 0)
        try:
            return self._attempt(execution, remaining)
        except Superseded:
            return Answer(Outcome.SUPERSEDED, execution.attempt)

    def _attempt(self, execution: Execution, remaining: Callable[[], float]) -> Answer:
        ports = self._ports
        submission = ports.executions.submission(execution.group_id, execution.execution_id)
        finished = ports.tasks.task_outputs(execution.group_id, execution.execution_id)
        redactor, meter = Redactor(), UsageMeter(execution.usage)

        def send(events: list[TraceEvent], logs: list[LogLine]) -> None:
            ports.queue.send(execution.group_id, execution.execution_id, execution.attempt, events, logs)

        sender = TraceSender(send, ClaimCheck(execution, ports.payloads).apply)
        call_seconds = longest_call(submission.definition, self._default_model)
        control = Control(execution, ports.executions, ports.clock, meter, remaining, call_seconds)
        names = [task.name for task in submission.definition.tasks]
        recorder = TraceRecorder(execution, names, sender.put, meter, redactor)
        with execution_log(execution.attempt, sender.put_log, redactor):
            logger.info("Attempt %d starts with %d finished tasks.", execution.attempt, len(finished))
            control.start()
            try:
                verdict = self._run(execution, submission, finished, control, recorder, redactor)
            except PlatformUnavailable as fault:
                logger.warning("Attempt %d ends: %s", execution.attempt, fault.message)
                self._give_up(execution, control, recorder, sender, meter)
                raise
            finally:
                control.close()
            logger.info("Attempt %d ends: %s", execution.attempt, verdict.message)
        error = verdict.error and verdict.error.model_copy(update={"message": redactor.text(verdict.error.message)})
        if error:
            recorder.ended(error)
        emitted = recorder.close()
        sender.close()
        if verdict.outcome is Outcome.CONTINUE:
            self._hand_over(execution, control, meter, emitted)
        elif verdict.outcome is not Outcome.SUPERSEDED:
            progress = control.progress().model_copy(update={"current_task": None, "current_agent": None})
            ports.executions.finish(
                execution,
                Status(verdict.outcome.value),
                message=error.message if error else verdict.message,
                now=ports.clock.now(),
                progress=progress,
                usage=meter.total(),
                error=error,
                traces_emitted=emitted,
            )
        return Answer(verdict.outcome, execution.attempt)

    def _hand_over(self, execution: Execution, control: Control, meter: UsageMeter, emitted: int) -> None:
        """The next attempt goes on from here."""
        self._ports.executions.save_progress(
            execution,
            progress=control.progress(),
            usage=meter.total(),
            message=control.message(),
            now=self._ports.clock.now(),
            traces_emitted=emitted,
        )

    def _give_up(
        self, execution: Execution, control: Control, recorder: TraceRecorder, sender: TraceSender, meter: UsageMeter
    ) -> None:
        """The platform failed under the crew and the state machine tries again: what can still be told, is."""
        emitted = recorder.close()
        with contextlib.suppress(PlatformUnavailable, Superseded):
            sender.close()
            self._hand_over(execution, control, meter, emitted)

    def _secrets(self, group_id: str, submission: Submission) -> dict[str, str]:
        """The group's own; a tool's key may also be the operator's. What goes into a header of a server that a
        definition names is the group's alone: it must not be able to ask for a key of the operator."""
        needed = secret_names(submission)
        found = {name: self._ports.secrets.group_secret(group_id, name) for name in needed.of_tools | needed.of_servers}
        lent = {name: os.environ.get(name) for name in needed.of_tools - needed.of_servers}
        return {name: value for name in found if (value := found[name] or lent.get(name))}

    def _run(
        self,
        execution: Execution,
        submission: Submission,
        finished: list[TaskOutput],
        control: Control,
        recorder: TraceRecorder,
        redactor: Redactor,
    ) -> Verdict:
        if execution.cancel_requested_at:
            return Verdict(Outcome.CANCELLED, CANCELLED.message, CANCELLED)
        ports = self._ports
        try:
            models = ModelFactory(ports.secrets.operator_secrets(), self._default_model)
            secrets = self._secrets(execution.group_id, submission)
            for value in [*models.secrets(), *secrets.values()]:
                redactor.learn(value)
            run = CrewRun(execution, ports.tasks, control, recorder, redactor)
            with environment.workspace(), _in_environment(secrets):
                run(CrewBuilder(submission, models, secrets, KeptPlan(execution, ports.payloads)), finished)
        except CancelRequested:
            return Verdict(Outcome.CANCELLED, CANCELLED.message, CANCELLED)
        except (LimitReached, CrewFailed) as ended:
            return Verdict(Outcome.FAILED, ended.error.message, ended.error)
        except OutOfTime:
            if control.progress().tasks_done > len(finished):
                return Verdict(Outcome.CONTINUE, "The slice is over.")
            error = TOO_LONG.model_copy(update={"task": control.progress().current_task})
            return Verdict(Outcome.FAILED, error.message, error)
        except (Fenced, Superseded):
            return Verdict(Outcome.SUPERSEDED, "A later attempt or a terminal status took over.")
        except PlatformUnavailable:
            raise  # none of the crew's doing
        except Exception as error:  # noqa: BLE001 - the boundary of the crew: whatever it raises is its failure
            explained = explain(error, control.progress().current_task)
            return Verdict(Outcome.FAILED, explained.message, explained)
        return Verdict(Outcome.COMPLETED, "Completed.")


@contextlib.contextmanager
def _in_environment(secrets: Mapping[str, str]) -> Generator[None]:
    """Some tools read their key from the environment: it is there only while the crew runs."""
    before = {name: os.environ.get(name) for name in secrets}
    os.environ.update(secrets)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
