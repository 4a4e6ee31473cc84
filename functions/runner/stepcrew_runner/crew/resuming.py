"""What an attempt goes on from: finished outputs, conversations, and what people decided since the last one."""

from __future__ import annotations

from typing import NamedTuple

from stepcrew.domain.approval import Approval, ApprovalKind, Decision
from stepcrew.domain.errors import Category, ExecutionError, PlatformUnavailable
from stepcrew.domain.execution import Execution, TaskOutput
from stepcrew.domain.submission import Submission
from stepcrew.services.ports import ApprovalStore, PayloadStore, TaskOutputStore
from stepcrew_runner.approvals.kept_results import KeptResults
from stepcrew_runner.approvals.people import ToolGate
from stepcrew_runner.gate.conversations import Conversations
from stepcrew_runner.isolation.redaction import Redactor


class Resumption(NamedTuple):
    """`latest` is the last approval if it was decided; `decided` are all of those, by number. By task index, `answers`
    are those that end their task (approved, or yet to be judged by a guardrail), and `revisions` what people want
    changed where no conversation tells it."""

    finished: list[TaskOutput]
    conversations: Conversations
    gate: ToolGate
    latest: Approval | None = None
    decided: dict[int, Approval] = {}  # noqa: RUF012 - never changed
    answers: dict[int, str] = {}  # noqa: RUF012
    revisions: dict[int, str] = {}  # noqa: RUF012

    @property
    def rejection(self) -> ExecutionError | None:
        """A rejected answer or budget ends the execution; a rejected tool call is told to the agent."""
        latest = self.latest
        if latest is None or latest.verdict is None or latest.verdict.decision is not Decision.REJECT:
            return None
        return None if latest.kind is ApprovalKind.TOOL else _rejected(latest)


def load_resumption(
    execution: Execution,
    submission: Submission,
    tasks: TaskOutputStore,
    approvals: ApprovalStore,
    payloads: PayloadStore,
    redactor: Redactor,
) -> Resumption:
    """Reads the table and the bucket; raises `PlatformUnavailable`."""
    crew = submission.definition
    finished = tasks.task_outputs(execution.group_id, execution.execution_id)
    done = {output.index for output in finished}
    conversations = Conversations(execution, payloads, redactor)
    conversations.load(done)
    asked = approvals.approvals(execution.group_id, execution.execution_id) if execution.approvals else []
    latest = asked[-1] if asked and asked[-1].verdict else None
    open_tasks = {task.name: index for index, task in enumerate(crew.tasks) if index not in done}
    marked, results = crew.approval.tools if crew.approval else [], KeptResults(execution, payloads, redactor)
    gate = ToolGate(marked, asked, set(open_tasks), results, redactor)
    decided = {approval.number: approval for approval in asked if approval.verdict}
    answers: dict[int, str] = {}
    revisions: dict[int, str] = {}
    for name, index in open_tasks.items():
        judged = [one for one in decided.values() if one.kind is ApprovalKind.ANSWER and one.task_name == name]
        conversation = conversations.of(index)
        approval = decided.get(conversation.approval) if conversation else next(reversed(judged), None)
        if conversation and conversation.answer is not None:
            answers[index] = conversation.answer
        elif approval and _is_approved_answer(approval):
            answers[index] = _answer(approval, payloads)
        elif approval and conversation is None:
            revisions[index] = _changes(judged, payloads)
    for index in answers:
        conversations.answered(index)
    return Resumption(finished, conversations, gate, latest, decided, answers, revisions)


def _is_approved_answer(approval: Approval) -> bool:
    verdict = approval.verdict
    return approval.kind is ApprovalKind.ANSWER and verdict is not None and verdict.decision is Decision.APPROVE


def _answer(approval: Approval, payloads: PayloadStore) -> str:
    if approval.verdict and approval.verdict.output is not None:
        return approval.verdict.output
    reference = approval.output_reference
    if reference is None:
        return approval.output
    body = payloads.get(approval.group_id, approval.execution_id, reference.payload_id)
    if body is None:
        raise PlatformUnavailable(f"The answer of approval {approval.approval_id} is missing in the bucket.")
    return body.decode()


def _changes(judged: list[Approval], payloads: PayloadStore) -> str:
    """What an agent is told that has no conversation to go on from (one that plans by itself, say)."""
    comments = [one.verdict.comment for one in judged if one.verdict and one.verdict.comment]
    answer = _answer(judged[-1], payloads)
    return f"Your answer before was:\n{answer}\n\nA person wants it changed: {' '.join(comments)}"


def _rejected(approval: Approval) -> ExecutionError:
    assert approval.verdict is not None
    what = (
        f"the answer of crew task {approval.task_name}" if approval.kind is ApprovalKind.ANSWER else "a larger budget"
    )
    verdict = approval.verdict
    if verdict.decided_by is None:
        message = f"Nobody decided on {what} in time, which counts as a rejection."
    else:
        message = f"{verdict.decided_by} rejected {what}" + (f": {verdict.comment}" if verdict.comment else ".")
    return ExecutionError(
        category=Category.REJECTED,
        type="Rejected",
        message=message,
        remedy="Change the crew or its inputs and submit it again.",
        task=approval.task_name,
    )
