"""A person (or the time that ran out) decides on what an execution waits for; then it goes on once it has a slot."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from stepcrew.domain.approval import Approval, ApprovalKind, Decision, DecisionKind, numbered
from stepcrew.domain.errors import Conflict, InvalidRequest, NotAllowed, Superseded
from stepcrew.domain.execution import Execution, GroupLimits, Limits, Status
from stepcrew.domain.limits import raised
from stepcrew.domain.structured_output import schema_mismatch
from stepcrew.services.fill_slots import FillSlots
from stepcrew.services.ports import ApprovalStore, Clock, ExecutionStore, LimitStore

CLOCKS = timedelta(seconds=2)
"""So far the state machine's clock, which counts whole seconds, may be ahead of ours."""


class Feedback(NamedTuple):
    """What a member of the group decided. `approval_id` names the question; without it, whatever is open is meant.
    `email` decides whether they may, `decided_by` is how the record names them."""

    group_id: str
    execution_id: str
    decision: DecisionKind
    decided_by: str
    email: str | None = None
    comment: str | None = None
    output: str | None = None
    limits: GroupLimits | None = None
    approval_id: str | None = None


class DecideApproval:
    """Records what a person decided, and lets the execution go on. Every call may be repeated; with an `approval_id`,
    the same decision of the same person counts once."""

    def __init__(
        self,
        executions: ExecutionStore,
        approvals: ApprovalStore,
        limits: LimitStore,
        fill_slots: FillSlots,
        clock: Clock,
    ) -> None:
        self._executions = executions
        self._approvals = approvals
        self._limits = limits
        self._fill_slots = fill_slots
        self._clock = clock

    def __call__(self, feedback: Feedback) -> Execution:
        """The record as it is now. Raises `ExecutionNotFound`, `Conflict` when this is not (or no more) what it waits
        for, `NotAllowed` when others decide, and `InvalidRequest` when this decision does not fit the question."""
        execution = self._executions.get(feedback.group_id, feedback.execution_id)
        asked = self._approvals.approvals(feedback.group_id, feedback.execution_id)
        approval = _open(execution, asked)
        if approval is None or feedback.approval_id not in (None, approval.approval_id):
            return self._settled(feedback)
        if not approval.allows(feedback.email):
            raise NotAllowed(
                "This is for others to decide.", remedy=f"Ask one of them: {', '.join(approval.deciders)}."
            )
        self._check(approval, feedback)
        decision = Decision(
            kind=feedback.decision,
            comment=feedback.comment or None,
            output=feedback.output,
            limits=self._granted(execution, approval, feedback.decision, feedback.limits),
            decided_by=feedback.decided_by,
            decided_at=self._clock.now(),
        )
        try:
            return self._decide(execution, decision)
        except Superseded:
            return self._settled(feedback._replace(approval_id=approval.approval_id))

    def nobody(self, group_id: str, execution_id: str) -> Execution:
        """Takes `on_timeout` when nobody decided in time, and answers the record as it is now; when there is nothing to
        decide, or there is time left, nothing changes. A budget that may not be raised is rejected."""
        execution = self._executions.get(group_id, execution_id)
        approval = _open(execution, self._approvals.approvals(group_id, execution_id))
        now = self._clock.now()
        if approval is None or now < approval.expires_at - CLOCKS:
            return execution
        kind, limits = approval.on_timeout, None
        try:
            limits = self._granted(execution, approval, kind, None)
        except InvalidRequest:
            kind = DecisionKind.REJECT
        try:
            return self._decide(execution, Decision(kind=kind, limits=limits, decided_at=now))
        except Superseded:
            return self._executions.get(group_id, execution_id)

    def _decide(self, execution: Execution, decision: Decision) -> Execution:
        assert execution.waiting is not None
        now = decision.decided_at
        deadline = execution.deadline + max(now - execution.waiting.since, timedelta())
        if decision.limits:
            more = decision.limits.timeout_seconds - execution.limits.timeout_seconds
            deadline += timedelta(seconds=more)
        decided = self._approvals.decide(execution, decision, deadline=deadline, now=now)
        filled = self._fill_slots(decided.group_id)
        return self._executions.get(decided.group_id, decided.execution_id) if filled else decided

    def _settled(self, feedback: Feedback) -> Execution:
        """The record, when this very decision was taken before; else `Conflict`, saying how it stands."""
        execution = self._executions.get(feedback.group_id, feedback.execution_id)
        asked = self._approvals.approvals(feedback.group_id, feedback.execution_id)
        named = next((one for one in asked if one.approval_id == feedback.approval_id), None)
        if named and _is_same(named, feedback):
            self._fill_slots.see_to(execution)
            return execution
        raise Conflict(_standing(execution, named), remedy="Look at the execution again before deciding.")

    def _granted(
        self, execution: Execution, approval: Approval, decision: DecisionKind, asked: GroupLimits | None
    ) -> Limits | None:
        if approval.kind is not ApprovalKind.BUDGET or decision is not DecisionKind.APPROVE:
            return None
        ceilings = self._limits.limit_rules(execution.group_id).ceilings
        return raised(execution, approval.limit, asked, ceilings)

    def _check(self, approval: Approval, feedback: Feedback) -> None:
        kind, decision = approval.kind, feedback.decision
        approves = decision is DecisionKind.APPROVE
        if decision is DecisionKind.REVISE and kind not in (ApprovalKind.ANSWER, ApprovalKind.FEEDBACK):
            raise InvalidRequest.at(
                "/decision", "revise", f"Only an answer can be revised, and this is about a {kind}."
            )
        if decision is DecisionKind.REVISE and not (feedback.comment or "").strip():
            raise InvalidRequest.at("/comment", "missing", "A revision needs a comment: it is what the agent is told.")
        if feedback.limits is not None and not (approves and kind is ApprovalKind.BUDGET):
            raise InvalidRequest.at("/limits", "unfitting", "limits go only with the approval of a budget.")
        if feedback.output is not None:
            if not (approves and kind in (ApprovalKind.ANSWER, ApprovalKind.INPUT)):
                raise InvalidRequest.at(
                    "/output", "unfitting", "output goes only with the approval of an answer or an input."
                )
            self._check_output(approval, feedback.output)

    def _check_output(self, approval: Approval, output: str) -> None:
        crew = self._executions.submission(approval.group_id, approval.execution_id).definition
        task = next((one for one in crew.tasks if one.name == approval.task_name), None)
        schema = task and (task.output_pydantic or task.output_json)
        if schema and (detail := schema_mismatch(output, schema)):
            raise InvalidRequest.at(
                "/output", "schema", f"The task's output has a schema, and this does not fit it: {detail}"
            )
        if not output.strip():
            raise InvalidRequest.at("/output", "missing", "An answer cannot be empty.")


def _open(execution: Execution, asked: list[Approval]) -> Approval | None:
    if execution.status is not Status.WAITING or execution.waiting is None:
        return None
    found = numbered(asked, execution.waiting.number)
    return found if found and found.is_open else None


def _is_same(approval: Approval, feedback: Feedback) -> bool:
    decision = approval.decision
    if decision is None:
        return False
    taken = (decision.kind, decision.comment, decision.output, decision.decided_by)
    said = (feedback.decision, feedback.comment or None, feedback.output, feedback.decided_by)
    return taken == said and _grants(decision.limits, feedback.limits)


def _grants(granted: Limits | None, asked: GroupLimits | None) -> bool:
    """Whether what was granted is what is asked for; naming no amounts asks for any."""
    named = asked.model_dump(exclude_none=True) if asked else {}
    return all(granted is not None and getattr(granted, field) == amount for field, amount in named.items())


def _standing(execution: Execution, named: Approval | None) -> str:
    if named and named.decision:
        who = named.decision.decided_by or "nobody in time"
        return f"Approval {named.approval_id} was decided already: {named.decision.kind}, by {who}."
    if named and named.withdrawn_at:
        return f"Approval {named.approval_id} was withdrawn: the execution is {execution.status}."
    if execution.waiting:
        return f"The execution waits for the decision on {execution.execution_id}.{execution.waiting.number}."
    return f"The execution does not wait for a decision: it is {execution.status}."
