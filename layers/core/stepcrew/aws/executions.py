"""Execution records in the table. Every change of status is one conditional write that names what it may leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from botocore.exceptions import ClientError

from stepcrew.aws import approval_items, keys, queue_items
from stepcrew.aws.audit import acts_on
from stepcrew.aws.batches import delete_found
from stepcrew.aws.clients import Clients
from stepcrew.aws.documents import keep, kept
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.idempotency import created_once, idempotency_item, put_where_none_is
from stepcrew.aws.items import item, plain, values
from stepcrew.aws.kinds import kind_of
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.records import Records, key_of
from stepcrew.aws.trace_items import recorded_at_once
from stepcrew.aws.transactions import is_last_refused
from stepcrew.aws.updates import Update
from stepcrew.domain.errors import (
    Conflict,
    ExecutionError,
    ExecutionNotFound,
    PlatformUnavailable,
    StillWaiting,
    Superseded,
)
from stepcrew.domain.execution import MOST_RERUNS, SOURCES_OF, CancelReceipt, Execution, Progress, Status, Usage
from stepcrew.domain.metering import Metered
from stepcrew.domain.proof import AttemptProof
from stepcrew.domain.submission import IdempotencyRecord, Submission, document_of
from stepcrew.domain.trace import TraceEvent

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

DEFINITION_PAYLOAD = "definition"
_RACES = 5


class TableExecutions:
    """`ExecutionStore` over DynamoDB (and the bucket for large definitions)."""

    def __init__(self, clients: Clients, table: str, payloads: BucketPayloads, retention_days: int) -> None:
        self._clients = clients
        self._table = table
        self._payloads = payloads
        self._records = Records(clients, table)
        self._retention = timedelta(days=retention_days)

    def create(self, execution: Execution, submission: Submission, idempotency: IdempotencyRecord | None) -> None:
        group_id, execution_id = execution.group_id, execution.execution_id
        acts_on(execution_id)
        key = {"PK": keys.execution(group_id, execution_id)}
        expires_at = int((execution.created_at + self._retention).timestamp())
        record = {
            **plain(execution),
            **key,
            "SK": keys.EXECUTION,
            "group_key": keys.group(group_id),
            "group_sort": execution_id,
            "open_key": keys.open_shard(group_id),
            "open_sort": keys.open_sort(group_id, execution_id),
            "expires_at": expires_at,
        }
        document = document_of(submission)
        stored = keep(self._payloads, group_id, execution_id, DEFINITION_PAYLOAD, document)
        items = [record, {**key, "SK": keys.DEFINITION, **stored, "expires_at": expires_at}]
        if idempotency:
            items.append(idempotency_item(group_id, idempotency, execution.created_at))
        writes = [put_where_none_is(self._table, new, execution.created_at) for new in items]
        if execution.queued_at:
            writes.append(queue_items.joins(self._table, group_id, execution_id, expires_at))
        if execution.rerun_of:
            named = Update(execution.created_at).append("reruns", execution_id, most=MOST_RERUNS)
            writes.append({"Update": named.request(self._table, key_of(group_id, execution.rerun_of))})
        with platform_errors("Storing the execution"), created_once("execution"):
            try:
                self._clients.dynamodb.transact_write_items(TransactItems=writes)
            except ClientError as error:
                if not (execution.rerun_of and is_last_refused(error)):
                    raise
                raise Conflict(
                    f"The execution was deleted, or has been rerun {MOST_RERUNS} times already.",
                    remedy="Rerun one of its reruns, or submit the crew again.",
                ) from error

    def get(self, group_id: str, execution_id: str) -> Execution:
        return self._records.get(group_id, execution_id)

    def submission(self, group_id: str, execution_id: str) -> Submission:
        found = self._records.item(keys.execution(group_id, execution_id), keys.DEFINITION)
        if found is None:
            raise ExecutionNotFound(execution_id)
        document = kept(self._payloads, group_id, execution_id, values(found))
        if document is None:
            raise ExecutionNotFound(execution_id)
        return Submission.model_validate_json(document)

    def idempotency(self, group_id: str, key: str, now: datetime) -> IdempotencyRecord | None:
        found = self._records.item(keys.idempotency(group_id, key), keys.IDEMPOTENCY)
        if found is None:
            return None
        entry = values(found)
        # DynamoDB removes expired items late; until then they must not count.
        return IdempotencyRecord.model_validate(entry) if entry["expires_at"] > now.timestamp() else None

    def begin_attempt(self, group_id: str, execution_id: str, now: datetime, memory_mb: int = 0) -> Execution:
        claim = uuid4().hex  # tells our own write, sent again because its answer was lost, from another's
        for _ in range(_RACES):
            update = Update(now).set("status", Status.RUNNING).add("attempt", 1).set("started_at", now, keep=True)
            update.set("unmetered_since", now, keep=True).set("memory_mb", memory_mb)
            update.set("attempt_claim", claim).require_other("attempt_claim", claim)
            update.require_status(SOURCES_OF[Status.RUNNING]).require_absent("queued_at")
            begun = self._records.update(group_id, execution_id, update)
            if begun is not None:
                return begun
            found = self._records.item(keys.execution(group_id, execution_id), keys.EXECUTION)
            if found is None:
                raise ExecutionNotFound(execution_id)
            stored = values(found)
            current = Execution.model_validate(stored)
            if stored.get("attempt_claim") == claim:
                return current
            if current.status is Status.WAITING:
                raise StillWaiting("The execution waits for a person's decision.")
            if current.status.is_terminal:
                raise Superseded("The execution has ended already.")
            if current.queued_at is not None:
                raise StillWaiting("The execution waits for a slot.")
        raise PlatformUnavailable("The execution changes too fast to begin an attempt.")

    def save_progress(
        self,
        execution: Execution,
        *,
        progress: Progress,
        usage: Usage,
        message: str,
        now: datetime,
        traces_emitted: int | None = None,
        proof: AttemptProof | None = None,
        metered: Metered | None = None,
    ) -> Execution:
        update = Update(now).set("progress", progress).set("usage", usage).set("message", message)
        update.last_of(execution.attempt, traces_emitted, proof, metered)
        update.require("attempt", execution.attempt).require_status({Status.RUNNING})
        changed = self._records.update(execution.group_id, execution.execution_id, update)
        if changed is None:
            raise Superseded("A later attempt or a terminal status took over.")
        return changed

    def request_cancel(self, execution: Execution, *, message: str, now: datetime) -> Execution | None:
        update = Update(now).set("cancel_requested_at", now, keep=True).set("message", message)
        update.require_status({Status.RUNNING}).require_absent("queued_at")
        return self._records.update(execution.group_id, execution.execution_id, update)

    def cancel_at_rest(
        self, execution: Execution, error: ExecutionError, receipt: CancelReceipt, event: TraceEvent, *, now: datetime
    ) -> Execution | None:
        update = Update(now).set("cancel_requested_at", now, keep=True).set("error", error)
        update.set("message", error.message).set("cancel_receipt", receipt)
        update.set(f"traces_emitted.{event.attempt}", 1).set(f"traces_recorded.{event.attempt}", 1)
        recorded = recorded_at_once(self._table, event, now, int((now + self._retention).timestamp()))
        return self._end(execution, Status.CANCELLED, update, now, recorded)

    def finish(
        self,
        execution: Execution,
        status: Status,
        *,
        message: str,
        now: datetime,
        progress: Progress | None = None,
        usage: Usage | None = None,
        error: ExecutionError | None = None,
        traces_emitted: int | None = None,
        cancel_receipt: CancelReceipt | None = None,
        proof: AttemptProof | None = None,
        metered: Metered | None = None,
        fenced: bool = True,
    ) -> Execution:
        given = {"progress": progress, "usage": usage, "error": error, "cancel_receipt": cancel_receipt}
        for _ in range(_RACES):
            update = Update(now).set("message", message)
            for path, value in given.items():
                if value is not None:
                    update.set(path, value)
            update.last_of(execution.attempt, traces_emitted, proof, metered)
            if fenced:
                current = execution.model_copy(update={"status": Status.RUNNING, "waiting": None})
                update.require("attempt", execution.attempt)
            else:
                current = self.get(execution.group_id, execution.execution_id)
            ended = None if current.status.is_terminal else self._end(current, status, update, now)
            if ended is not None:
                return ended
            current = self.get(execution.group_id, execution.execution_id)
            if fenced and current.status is status and current.attempt == execution.attempt:
                return current  # our own earlier write whose answer was lost
            if fenced or current.status.is_terminal:
                raise Superseded(f"The execution has status {current.status} already.")
        raise PlatformUnavailable("The execution changes too fast to be ended.")

    def count_open(self, group_id: str, most: int) -> int:
        return self._records.count_open(group_id, most)

    def open_of(self, group_id: str) -> Iterator[Execution]:
        return self._records.open_of(group_id)

    def open_executions(self, *, unchanged_since: datetime) -> Iterator[Execution]:
        return self._records.open(unchanged_since=unchanged_since)

    def _end(
        self,
        seen: Execution,
        status: Status,
        update: Update,
        now: datetime,
        companions: Sequence[TransactWriteItemTypeDef] = (),
    ) -> Execution | None:
        """Makes the update the execution's last one, if it still has the status that was seen; what waits with it is
        withdrawn in the same transaction."""
        update.set("status", status).set("ended_at", now).require_status({seen.status})
        update.remove("open_key", "open_sort", "waiting", "queued_at")
        if seen.queued_at is not None:
            update.require_present("queued_at")
            companions = [*companions, queue_items.leaves(self._table, seen.group_id, seen.execution_id)]
        if seen.waiting is not None:
            update.require("waiting.number", seen.waiting.number)
            companions = [*companions, approval_items.withdrawn(self._table, seen, now)]
        if not companions:
            return self._records.update(seen.group_id, seen.execution_id, update)
        return self._records.update_with(seen.group_id, seen.execution_id, update, *companions)

    def delete(self, group_id: str, execution_id: str) -> Counter[str]:
        key = keys.execution(group_id, execution_id)
        gone: Counter[str] = Counter(payloads=self._payloads.delete_all(group_id, execution_id))
        with platform_errors("Deleting the execution"):
            callbacks = {":key": keys.callbacks(group_id, execution_id)}
            gone += delete_found(self._clients.dynamodb, self._table, "PK = :key", callbacks)
            gone += delete_found(self._clients.dynamodb, self._table, "PK = :key", {":key": key}, spare=keys.EXECUTION)
            self._clients.dynamodb.delete_item(TableName=self._table, Key=item({"PK": key, "SK": keys.EXECUTION}))
        return gone + Counter({kind_of(keys.EXECUTION): 1})
