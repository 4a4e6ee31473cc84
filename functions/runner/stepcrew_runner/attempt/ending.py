"""The last writes of an attempt: it completes, fails, is cancelled, hands over, waits for a person, or gives up."""

from __future__ import annotations

import contextlib
import logging
from datetime import timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from stepcrew.domain.approval import Approval, DecisionKind
from stepcrew.domain.definition import ApprovalRules
from stepcrew.domain.errors import Category, ExecutionError, PlatformUnavailable, Superseded
from stepcrew.domain.event_size import label
from stepcrew.domain.execution import CancelReceipt, Status
from stepcrew.domain.metering import Metered, unsaid
from stepcrew.domain.proof import AttemptProof
from stepcrew.services.meter_ports import AttemptMeter
from stepcrew.services.ports import ApprovalStore, ExecutionStore
from stepcrew_runner.gate.aborts import Question
from stepcrew_runner.gate.companions import Companions
from stepcrew_runner.trace.recorder import TraceRecorder
from stepcrew_runner.trace.sender import TraceSender

logger = logging.getLogger("stepcrew_runner")

CANCELLED = ExecutionError(
    category=Category.CANCELLED,
    type="Cancelled",
    message="The execution was cancelled on request.",
    remedy="Its finished tasks' outputs stay readable.",
)


class Outcome(StrEnum):
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    CONTINUE = "CONTINUE"
    PARKED = "PARKED"
    SUPERSEDED = "SUPERSEDED"


class CrewEnd(NamedTuple):
    """How the crew's part of the attempt ended. `question` is what PARKED waits for."""

    outcome: Outcome
    message: str
    error: ExecutionError | None = None
    question: Question | None = None


WAS_CANCELLED = CrewEnd(Outcome.CANCELLED, CANCELLED.message, CANCELLED)


def failed(error: ExecutionError) -> CrewEnd:
    return CrewEnd(Outcome.FAILED, error.message, error)


class Ending:
    """Ends one attempt: its last trace events, the last batch, and the write that ends, parks or hands over."""

    def __init__(
        self,
        companions: Companions,
        executions: ExecutionStore,
        approvals: ApprovalStore,
        recorder: TraceRecorder,
        sender: TraceSender,
        meter: AttemptMeter | None,
    ) -> None:
        self._execution, self._clock = companions.execution, companions.clock
        self._control, self._redactor = companions.control, companions.redactor
        self._gate = companions.gate
        self._executions = executions
        self._approvals = approvals
        self._recorder = recorder
        self._sender = sender
        self._meter = meter

    def __call__(self, end: CrewEnd, rules: ApprovalRules) -> Outcome:
        """Answers the outcome that was written. The trace is shipped before any of these writes."""
        if end.outcome in (Outcome.CONTINUE, Outcome.PARKED) and self._is_cancelled():
            end = WAS_CANCELLED
        if self._control.interrupt:
            self._recorder.interrupted()
        if end.outcome is Outcome.SUPERSEDED:
            self._ship()
            return end.outcome
        if end.outcome is Outcome.CONTINUE:
            self._hand_over(self._ship())
            return end.outcome
        if end.outcome is Outcome.PARKED and end.question:
            return self._park(end.question, rules)
        return self._finish(end)

    def give_up(self) -> None:
        """The platform failed under the crew and the state machine tries again: what can still be told, is."""
        self._recorder.interrupted()
        emitted = self._recorder.close()
        with contextlib.suppress(PlatformUnavailable, Superseded):
            self._sender.close()
            self._hand_over(emitted)

    def _is_cancelled(self) -> bool:
        current = self._executions.get(self._execution.group_id, self._execution.execution_id)
        return self._control.sees_cancel(current)

    def _ship(self) -> int:
        emitted = self._recorder.close()
        self._sender.close()
        return emitted

    def _proof(self) -> AttemptProof | None:
        """Null for an execution that an older version made: its record has no place for it."""
        if self._execution.proof is None:
            return None
        entries, journal = self._gate.journal.chain_end()
        return AttemptProof(trace=self._sender.chain.head, entries=entries, journal=journal)

    def _metered(self) -> Metered | None:
        """What all attempts used, with this one and those before it that died without saying it."""
        if self._meter is None:
            return None
        before, began_at = self._execution.metered or Metered(), self._meter.began_at
        died, since = self._execution.attempt - 1 - before.attempts, self._execution.unmetered_since
        lost = unsaid(since, began_at, died, self._meter.memory_mb) if died and since else 0
        own = self._meter.read(self._clock.now()).plus(self._sender.metered)
        return before.plus(own).plus(Metered(unsaid_mb_ms=lost))

    def _news(self, emitted: int, **progress: None) -> dict[str, Any]:
        """The fields that every last write of an attempt has. What is in flight now brings no answer any more."""
        usage = self._gate.journal.usage()
        usage.unanswered_calls += self._gate.budget.in_flight
        return {
            "progress": self._control.progress().model_copy(update=progress),
            "usage": usage,
            "traces_emitted": emitted,
            "proof": self._proof(),
            "metered": self._metered(),
            "now": self._clock.now(),
        }

    def _hand_over(self, emitted: int) -> None:
        """The next attempt goes on from here."""
        self._executions.save_progress(self._execution, message=self._control.message(), **self._news(emitted))

    def _park(self, question: Question, rules: ApprovalRules) -> Outcome:
        approval = self._approval(question, rules)
        self._recorder.asked(approval)
        emitted = self._ship()
        try:
            self._approvals.park(self._execution, approval, **self._news(emitted))
        except Superseded:
            # Either another attempt holds the execution, or a cancel request came in this moment.
            if not self._is_cancelled():
                raise
            return self._finish(WAS_CANCELLED)
        logger.info("Waiting for a person: %s", question.text)
        return Outcome.PARKED

    def _approval(self, question: Question, rules: ApprovalRules) -> Approval:
        now = self._clock.now()
        return Approval(
            execution_id=self._execution.execution_id,
            group_id=self._execution.group_id,
            number=self._execution.approvals + 1,
            kind=question.kind,
            key=question.key,
            execution_name=self._execution.name,
            question=label(self._redactor.text(question.text)),
            task_name=question.task_name,
            agent_role=question.agent_role and label(question.agent_role),
            output=self._redactor.text(question.output),
            tools=[
                call.model_copy(update={"arguments": self._redactor.json(call.arguments)}) for call in question.tools
            ],
            limit=question.limit,
            deciders=rules.deciders,
            on_timeout=DecisionKind(rules.on_timeout),
            requested_at=now,
            expires_at=now + timedelta(seconds=rules.timeout_seconds),
            attempt=self._execution.attempt,
        )

    def _follows_a_death(self) -> bool:
        """Whether the request was there before this attempt, and the one before it died: what that one spent after the
        request nobody can say."""
        before = self._execution.attempt - 1
        asked_before = self._execution.cancel_requested_at is not None
        return asked_before and before > 0 and str(before) not in self._execution.traces_emitted

    def _finish(self, end: CrewEnd) -> Outcome:
        error = end.error and end.error.model_copy(update={"message": self._redactor.text(end.error.message)})
        if error:
            self._recorder.ended(error)
        emitted = self._ship()
        cancel, receipt = self._control.cancel, None
        if end.outcome is Outcome.CANCELLED and cancel:
            receipt = CancelReceipt(requested_at=cancel.requested_at, observed_at=cancel.observed_at)
            if not self._follows_a_death():
                receipt = self._gate.receipt(cancel.requested_at, cancel.observed_at)
        self._executions.finish(
            self._execution,
            Status(end.outcome.value),
            message=error.message if error else end.message,
            error=error,
            cancel_receipt=receipt,
            **self._news(emitted, current_task=None, current_agent=None),
        )
        return end.outcome
