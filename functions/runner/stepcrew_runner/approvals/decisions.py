"""What people decided so far, found by the question: a crew that is run again comes to the same questions."""

from __future__ import annotations

from collections.abc import Iterable

from stepcrew.domain.approval import ENDING, Approval, ApprovalKind, Decision, DecisionKind
from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.execution import Execution


class Decisions:
    """The decisions of people on one execution, as they are stored when the attempt begins."""

    def __init__(self, approvals: Iterable[Approval]) -> None:
        self._approvals = list(approvals)
        self._by_key = {one.key: one for one in self._approvals if one.key and one.decision}
        self._by_call = {
            call.call_id: one.decision
            for one in self._approvals
            if one.kind is ApprovalKind.TOOL and one.decision
            for call in one.tools
        }

    def decision(self, key: str) -> Decision | None:
        """The decision on the question with this key; None when there is none."""
        found = self._by_key.get(key)
        return found.decision if found else None

    def decision_on_call(self, call_id: str) -> Decision | None:
        return self._by_call.get(call_id)

    def news(self, execution: Execution) -> Approval | None:
        """The last approval, if it is decided and no attempt since the question has told the answer to the trace (one
        that died has not)."""
        latest = self._approvals[-1] if self._approvals else None
        if latest is None or latest.decision is None:
            return None
        later = range(latest.attempt + 1, execution.attempt)
        return None if any(str(attempt) in execution.traces_emitted for attempt in later) else latest

    @property
    def rejection(self) -> ExecutionError | None:
        """A rejected answer or budget ends the execution; a rejected tool call is told to the agent."""
        latest = self._approvals[-1] if self._approvals else None
        if latest is None or latest.decision is None or latest.decision.kind is not DecisionKind.REJECT:
            return None
        return _rejected(latest, latest.decision) if latest.kind in ENDING else None


def refusal(sentence: str, decision: Decision) -> str:
    """What an agent is told instead of a result."""
    return f"{sentence} {decision.comment}" if decision.comment else sentence


def _rejected(approval: Approval, decision: Decision) -> ExecutionError:
    things = {ApprovalKind.BUDGET: "a larger budget", ApprovalKind.INPUT: "to give the input that the code asks for"}
    what = things.get(approval.kind, f"the answer of crew task {approval.task_name}")
    if decision.decided_by is None:
        message = f"Nobody decided on {what} in time, which counts as a rejection."
    else:
        message = f"{decision.decided_by} rejected {what}" + (f": {decision.comment}" if decision.comment else ".")
    return ExecutionError(
        category=Category.REJECTED,
        type="Rejected",
        message=message,
        remedy="Change the crew or its inputs and submit it again.",
        task=approval.task_name,
    )
