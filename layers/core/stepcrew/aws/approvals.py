"""What waits for people, in the table. The approval and its execution's status always change in one transaction."""

from __future__ import annotations

from datetime import datetime, timedelta

from stepcrew.aws import approval_items, keys, queue_items
from stepcrew.aws.clients import Clients
from stepcrew.aws.documents import keep, kept
from stepcrew.aws.items import Item, values
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.records import Records
from stepcrew.aws.updates import Update
from stepcrew.domain.approval import Approval, Decision, expiring_in_time, going_on, waiting_for
from stepcrew.domain.errors import Superseded
from stepcrew.domain.execution import Execution, Progress, Status, Usage, Waiting
from stepcrew.domain.metering import Metered
from stepcrew.domain.proof import AttemptProof
from stepcrew.domain.trace import TEXT

INLINE_OUTPUT_BYTES = 20_000
"""Larger answers are read by address: a list of many approvals must fit into one response."""


class TableApprovals:
    """`ApprovalStore` over DynamoDB, and the bucket for large bodies."""

    def __init__(self, clients: Clients, table: str, payloads: BucketPayloads, retention_days: int) -> None:
        self._table = table
        self._payloads = payloads
        self._records = Records(clients, table)
        self._retention = timedelta(days=retention_days)

    def park(
        self,
        execution: Execution,
        approval: Approval,
        *,
        progress: Progress,
        usage: Usage,
        traces_emitted: int,
        now: datetime,
        proof: AttemptProof | None = None,
        metered: Metered | None = None,
    ) -> Execution:
        group_id, execution_id, attempt = execution.group_id, execution.execution_id, execution.attempt
        approval = self._light(expiring_in_time(approval, execution, self._ends(execution), now), attempt)
        waiting = Waiting(
            number=approval.number,
            kind=approval.kind.value,
            task_name=approval.task_name,
            since=now,
            expires_at=approval.expires_at,
        )
        update = Update(now).set("status", Status.WAITING).set("waiting", waiting).set("approvals", approval.number)
        update.set("message", waiting_for(approval)).set("progress", progress).set("usage", usage)
        update.last_of(attempt, traces_emitted, proof, metered)
        update.remove("task_token")  # of an earlier wait
        # The count tells a repetition of this write, made after the decision, from the next question.
        update.require("approvals", approval.number - 1).require("attempt", attempt)
        update.require_status({Status.RUNNING}).require_absent("cancel_requested_at")
        stored = keep(
            self._payloads, group_id, execution_id, _payload(approval.number, attempt), approval.model_dump_json()
        )
        entry = approval_items.new(self._table, approval, stored, int(self._ends(execution).timestamp()))
        parked = self._records.update_with(group_id, execution_id, update, entry)
        if parked is not None:
            return parked
        current = self._records.get(group_id, execution_id)
        ours = current.attempt == attempt and current.approvals == approval.number
        if ours and not current.status.is_terminal:
            return current  # our own earlier write whose answer was lost
        raise Superseded("A later attempt, a cancel request or a terminal status came before.")

    def waiting(self, group_id: str, *, after: str | None, limit: int) -> list[Approval]:
        condition, known = "group_key = :group", {":group": keys.waiting(group_id)}
        if after:
            condition, known[":after"] = f"{condition} AND group_sort > :after", after
        paging = {"PageSize": limit, "MaxItems": limit}
        doing = "Listing what waits"
        listed = self._records.found(doing, condition, known, IndexName=keys.BY_GROUP_INDEX, PaginationConfig=paging)
        found = self._records.whole(doing, list(listed))
        return [approval for entry in found if (approval := self._read(entry))]

    def approvals(self, group_id: str, execution_id: str) -> list[Approval]:
        known = {":key": keys.execution(group_id, execution_id), ":prefix": keys.APPROVAL_PREFIX}
        found = self._records.found("Reading approvals", "PK = :key AND begins_with(SK, :prefix)", known)
        return [approval for entry in found if (approval := self._read(entry))]

    def decide(self, execution: Execution, decision: Decision, *, deadline: datetime, now: datetime) -> Execution:
        group_id, execution_id, waiting = execution.group_id, execution.execution_id, execution.waiting
        if waiting is None:
            raise Superseded("The execution does not wait for a decision any more.")
        update = Update(now).set("status", Status.RUNNING).set("deadline", deadline).remove("waiting")
        update.set("queued_at", now)  # its slot it gave back when it began to wait
        update.set("message", going_on(decision))
        if decision.limits is not None:
            update.set("limits", decision.limits).set("first_limits", execution.limits, keep=True)
        update.require_status({Status.WAITING}).require("waiting.number", waiting.number)
        name = f"{_payload(waiting.number, execution.attempt)}-decision"
        stored = keep(self._payloads, group_id, execution_id, name, decision.model_dump_json(), exact=True)
        entry = approval_items.decided(self._table, execution, stored)
        queue = queue_items.joins(self._table, group_id, execution_id, int(self._ends(execution).timestamp()))
        decided = self._records.update_with(group_id, execution_id, update, entry, queue)
        if decided is None:
            raise Superseded("Another decision or a cancel came before.")
        return decided

    def keep_token(self, group_id: str, execution_id: str, token: str) -> Execution | None:
        update = Update(None).set("task_token", token).require_at_rest()
        return self._records.update(group_id, execution_id, update)

    def token(self, group_id: str, execution_id: str) -> str | None:
        found = self._records.item(keys.execution(group_id, execution_id), keys.EXECUTION)
        return values(found).get("task_token") if found else None

    def forget_token(self, group_id: str, execution_id: str, token: str) -> None:
        self._records.update(group_id, execution_id, Update(None).remove("task_token").require("task_token", token))

    def _ends(self, execution: Execution) -> datetime:
        """When the table may drop the execution."""
        return execution.created_at + self._retention

    def _light(self, approval: Approval, attempt: int) -> Approval:
        body = approval.output.encode(errors="replace")
        if len(body) <= INLINE_OUTPUT_BYTES:
            return approval
        name = f"{_payload(approval.number, attempt)}-output"
        reference = self._payloads.put(approval.group_id, approval.execution_id, name, body, TEXT)
        return approval.model_copy(update={"output": "", "output_reference": reference})

    def _read(self, entry: Item) -> Approval | None:
        """None when the execution is being deleted and a body is gone already."""
        stored = values(entry)
        place = (self._payloads, stored["group_id"], stored["execution_id"])
        document = kept(*place, stored["approval"])
        decision = kept(*place, stored["decision"]) if "decision" in stored else None
        if document is None or (decision is None and "decision" in stored):
            return None
        decided = Decision.model_validate_json(decision) if decision else None
        withdrawn = stored.get("withdrawn_at")
        changes = {"decision": decided, "withdrawn_at": datetime.fromisoformat(withdrawn) if withdrawn else None}
        return Approval.model_validate_json(document).model_copy(update=changes)


def _payload(number: int, attempt: int) -> str:
    return f"approval-{number:04d}-{attempt}"
