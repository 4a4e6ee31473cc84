"""One attempt: takes the execution over, runs its crew from the checkpoints on, and says how it went."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import NamedTuple

from stepcrew.domain.approval import Approval
from stepcrew.domain.definition import ApprovalRules
from stepcrew.domain.errors import (
    Category,
    ExecutionError,
    ExecutionNotFound,
    PlatformUnavailable,
    StillWaiting,
    Superseded,
)
from stepcrew.domain.execution import Execution
from stepcrew.domain.secrets import secret_uses
from stepcrew.domain.submission import Submission, fingerprint
from stepcrew.domain.trace import LogLine, TraceEvent
from stepcrew.services.ports import (
    ApprovalStore,
    Clock,
    ExecutionStore,
    PayloadStore,
    TaskOutputStore,
    TraceQueue,
)
from stepcrew.services.secret_ports import Secrets
from stepcrew_runner.attempt.ending import WAS_CANCELLED, CrewEnd, Ending, Outcome
from stepcrew_runner.crew.building import CrewBuilder, GivenSecrets
from stepcrew_runner.crew.crews import KeptPlan
from stepcrew_runner.crew.failures import explain
from stepcrew_runner.crew.models import ModelFactory, longest_call, needs_aws_keys
from stepcrew_runner.crew.resuming import Resumption, load_resumption
from stepcrew_runner.crew.running import CrewRun
from stepcrew_runner.gate.aborts import AskPerson, CancelRequested, CrewFailed, Fenced, LimitReached, OutOfTime
from stepcrew_runner.gate.control import Control
from stepcrew_runner.gate.usage import UsageMeter
from stepcrew_runner.isolation import environment
from stepcrew_runner.isolation.redaction import Redactor
from stepcrew_runner.trace.claim_check import ClaimCheck
from stepcrew_runner.trace.logs import execution_log
from stepcrew_runner.trace.recorder import TraceRecorder
from stepcrew_runner.trace.sender import TraceSender

logger = logging.getLogger("stepcrew_runner")


class Answer(NamedTuple):
    """What the state machine hears."""

    outcome: Outcome
    attempt: int


class Ports(NamedTuple):
    executions: ExecutionStore
    tasks: TaskOutputStore
    approvals: ApprovalStore
    queue: TraceQueue
    payloads: PayloadStore
    secrets: Secrets
    clock: Clock
    model_keys: Callable[[], Mapping[str, str]]
    """Credentials, as boto3 names them, that can do nothing but call models of Amazon Bedrock."""


TOO_LONG = ExecutionError(
    category=Category.TIMEOUT,
    type="TaskTooLong",
    message="One model call or tool call needs more time than a whole invocation of the runner has.",
    remedy="Split the crew task into smaller ones, or give its model a timeout.",
)
CHANGED = ExecutionError(
    category=Category.PLATFORM,
    type="DefinitionChanged",
    message="The stored crew definition is not the one that was submitted; what is finished may not fit it.",
    remedy="Submit the crew again.",
)


class RunAttempt:
    """Raises only for faults of the platform; the state machine repeats those.

    `slice_seconds` ends a slice earlier than the invocation's own time does; 0 leaves it to that."""

    def __init__(self, ports: Ports, default_model: str, slice_seconds: float = 0) -> None:
        self._ports = ports
        self._default_model = default_model
        self._slice_seconds = slice_seconds

    def __call__(self, group_id: str, execution_id: str, remaining: Callable[[], float]) -> Answer:
        """`remaining` tells the seconds left of this invocation."""
        try:
            execution = self._ports.executions.begin_attempt(group_id, execution_id, self._ports.clock.now())
        except StillWaiting:
            return Answer(Outcome.PARKED, 0)
        except (Superseded, ExecutionNotFound):
            return Answer(Outcome.SUPERSEDED, 0)
        try:
            return Answer(self._attempt(execution, remaining), execution.attempt)
        except Superseded:
            return Answer(Outcome.SUPERSEDED, execution.attempt)

    def _attempt(self, execution: Execution, remaining: Callable[[], float]) -> Outcome:
        ports = self._ports
        submission = ports.executions.submission(execution.group_id, execution.execution_id)
        redactor, meter = Redactor(), UsageMeter(execution.usage)
        from_before = load_resumption(execution, submission, ports.tasks, ports.approvals, ports.payloads, redactor)

        def send(events: list[TraceEvent], logs: list[LogLine]) -> None:
            ports.queue.send(execution.group_id, execution.execution_id, execution.attempt, events, logs)

        sender = TraceSender(send, ClaimCheck(execution, ports.payloads).apply)
        call_seconds = longest_call(submission.definition, self._default_model)
        control = Control(execution, ports.executions, ports.clock, meter, remaining, call_seconds, self._slice_seconds)
        names = [task.name for task in submission.definition.tasks]
        recorder = TraceRecorder(execution, names, sender.put, meter, redactor, control.goes_on)
        ending = Ending(
            execution, ports.executions, ports.approvals, ports.clock, control, recorder, sender, meter, redactor
        )
        with execution_log(execution.attempt, sender.put_log, redactor):
            logger.info("Attempt %d starts with %d finished tasks.", execution.attempt, len(from_before.finished))
            control.start()
            try:
                end = self._run(execution, submission, from_before, control, recorder, redactor)
            except PlatformUnavailable as fault:
                logger.warning("Attempt %d ends: %s", execution.attempt, fault.message)
                ending.give_up()
                raise
            finally:
                control.close()
            logger.info("Attempt %d ends: %s", execution.attempt, end.message)
        try:
            return ending(end, from_before.conversations, submission.definition.approval or ApprovalRules())
        except PlatformUnavailable:
            ending.give_up()
            raise

    def _secrets(self, group_id: str, submission: Submission, operators: Mapping[str, str]) -> GivenSecrets:
        uses = list(secret_uses(submission.definition))
        own = {use.name: self._ports.secrets.group_secret(group_id, use.name) for use in uses}
        kept = {name: value for name, value in own.items() if value}
        lent = {use.name: operators[use.name] for use in uses if use.of_tool and use.name in operators}
        return GivenSecrets(of_tools={**lent, **kept}, of_servers=kept)

    def _run(
        self,
        execution: Execution,
        submission: Submission,
        from_before: Resumption,
        control: Control,
        recorder: TraceRecorder,
        redactor: Redactor,
    ) -> CrewEnd:
        if execution.cancel_requested_at:
            return WAS_CANCELLED
        if execution.definition_hash not in (None, fingerprint(submission)):
            return CrewEnd(Outcome.FAILED, CHANGED.message, CHANGED)
        ports = self._ports
        try:
            operators = ports.secrets.operator_secrets()
            needs_keys = needs_aws_keys(submission.definition, self._default_model)
            aws_keys: Mapping[str, str] = ports.model_keys() if needs_keys else {}
            models = ModelFactory(operators, self._default_model, aws_keys)
            secrets = self._secrets(execution.group_id, submission, operators)
            for value in [*models.secrets(), *secrets.of_tools.values(), *secrets.of_servers.values()]:
                redactor.learn(value)
            if from_before.latest and _is_news(execution, from_before.latest):
                recorder.decided(from_before.latest)
            if from_before.rejection:
                return CrewEnd(Outcome.FAILED, from_before.rejection.message, from_before.rejection)
            run = CrewRun(execution, ports.executions, ports.tasks, control, recorder, redactor)
            with environment.workspace(lambda: control.interrupt):
                run(
                    CrewBuilder(submission, models, secrets, KeptPlan(execution, ports.payloads, redactor)), from_before
                )
        except CancelRequested:
            return WAS_CANCELLED
        except AskPerson as asked:
            return CrewEnd(Outcome.PARKED, asked.question.text, question=asked.question)
        except (LimitReached, CrewFailed) as ended:
            return CrewEnd(Outcome.FAILED, ended.error.message, ended.error)
        except OutOfTime as over:
            if control.progress().tasks_done > len(from_before.finished) or from_before.conversations.has_advanced():
                return CrewEnd(Outcome.CONTINUE, over.reason)
            error = TOO_LONG.model_copy(update={"task": control.progress().current_task})
            return CrewEnd(Outcome.FAILED, error.message, error)
        except (Fenced, Superseded):
            return CrewEnd(Outcome.SUPERSEDED, "A later attempt or a terminal status took over.")
        except PlatformUnavailable:
            raise  # none of the crew's doing
        except Exception as error:  # noqa: BLE001 - the boundary of the crew: whatever it raises is its failure
            explained = explain(error, control.progress().current_task, redactor.text)
            return CrewEnd(Outcome.FAILED, explained.message, explained)
        return CrewEnd(Outcome.COMPLETED, "Completed.")


def _is_news(execution: Execution, approval: Approval) -> bool:
    """Whether no attempt since the question has told its answer to the trace (one that died has not)."""
    later = range(approval.attempt + 1, execution.attempt)
    return not any(str(attempt) in execution.traces_emitted for attempt in later)
