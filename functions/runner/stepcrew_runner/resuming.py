"""What an attempt goes on from: finished outputs, conversations, and what people decided since the last one."""

from __future__ import annotations

from typing import NamedTuple

from stepcrew.domain.approval import Approval, ApprovalKind, Decision
from stepcrew.domain.errors import Category, ExecutionError, PlatformUnavailable
from stepcrew.domain.execution import Execution, TaskOutput
from stepcrew.domain.submission import Submission
from stepcrew.services.ports import ApprovalStore, PayloadStore, TaskOutputStore
from stepcrew_runner.conversations import Conversations
from stepcrew_runner.people import ToolGate
from stepcrew_runner.redaction import Redactor


class Resumption(NamedTuple):
    """`latest` is the last approval if it was decided; `approved_answer` its text when that ends the task `answers`."""

    finished: list[TaskOutput]
    conversations: Conversations
    gate: ToolGate
    latest: Approval | None = None
    answers: int | None = None
    approved_answer: str = ""

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
    indexes = {task.name: index for index, task in enumerate(crew.tasks)}
    open_tasks = {task.name for index, task in enumerate(crew.tasks) if index not in done}
    gate = ToolGate(crew.approval.tools if crew.approval else [], asked, open_tasks)
    answers = indexes.get(latest.task_name or "") if latest else None
    if latest is None or answers is None or answers in done or not _is_approved_answer(latest):
        return Resumption(finished, conversations, gate, latest)
    conversation = conversations.of(answers)
    if conversation and conversation.approval != latest.number:
        # It went on since: a guardrail refused the approved answer.
        return Resumption(finished, conversations, gate, latest)
    return Resumption(finished, conversations, gate, latest, answers, _answer(latest, payloads))


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
