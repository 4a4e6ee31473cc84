"""The audit log of a group. Whoever changes something leaves an entry, without a line for it where the change is made:
the entry is put with the first change that the AWS clients make in its name. Where that is a transaction of the table,
the entry is a part of it; else it is put right before, so that no change is without an entry.

Entries are put once and expire; the policies of the functions let nobody change or remove one.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any

from stepcrew.aws import audit_keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.expiry import EXPIRES_AT
from stepcrew.aws.items import item, plain, values
from stepcrew.aws.transactions import holds
from stepcrew.domain.audit import AuditEntry
from stepcrew.services.audit_ports import Act

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import PutTypeDef

KEPT = timedelta(days=800)
_READS = ("Get", "List", "Query", "BatchGet", "Head", "Describe")
_NO_CHANGE_YET = "PutObject"
"""What is put into the bucket counts when the table names it."""
_TRANSACTION = "TransactWriteItems"
_CARRIED = "stepcrew.audit"


class _Pending:
    """An act of which the entry is not in the table yet."""

    def __init__(self, act: Act) -> None:
        self.act = act
        self.is_kept = False


_pending: ContextVar[_Pending | None] = ContextVar("the act whose entry is still to be put", default=None)


def acts_on(target: str) -> None:
    """Names what the act makes, which nobody knew before."""
    if (pending := _pending.get()) is not None and not pending.act.target:
        pending.act = pending.act._replace(target=target)


class TableAudit:
    """`AuditLog` over DynamoDB, for the changes that these clients make."""

    def __init__(self, clients: Clients, table: str, new_id: Callable[[], str]) -> None:
        self._clients = clients
        self._table = table
        self._new_id = new_id
        clients.watch(self._watch)

    @contextmanager
    def acting(self, act: Act) -> Generator[None]:
        token = _pending.set(_Pending(act))
        try:
            yield
        finally:
            _pending.reset(token)

    def newest(self, group_id: str, *, before: str | None, limit: int) -> list[AuditEntry]:
        with platform_errors("Reading the audit log"):
            parts = [self._newest_of(part, before, limit) for part in audit_keys.parts(group_id)]
        return list(islice(merge(*parts, key=lambda entry: entry.entry_id, reverse=True), limit))

    def _newest_of(self, partition: str, before: str | None, limit: int) -> list[AuditEntry]:
        known = {":key": partition, ":low": audit_keys.ENTRY_PREFIX, ":high": audit_keys.entry(before or "~")}
        page = self._clients.dynamodb.query(
            TableName=self._table,
            KeyConditionExpression="PK = :key AND SK BETWEEN :low AND :high",
            ExpressionAttributeValues=item(known),
            ConsistentRead=True,
            ScanIndexForward=False,
            Limit=limit + 1,  # the one that is `before` is read too
        )
        found = (AuditEntry.model_validate(values(one)) for one in page["Items"])
        return [entry for entry in found if entry.entry_id != before]

    def _watch(self, client: Any) -> None:
        client.meta.events.register("provide-client-params.*.*", self._put_first)
        client.meta.events.register(f"after-call.dynamodb.{_TRANSACTION}", self._transaction_answered)

    def _put_first(
        self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any
    ) -> dict[str, Any] | None:
        pending = _pending.get()
        if pending is None or pending.is_kept or model.name.startswith(_READS) or model.name == _NO_CHANGE_YET:
            return None
        put = self._put(pending.act)
        if model.name == _TRANSACTION:
            context[_CARRIED] = pending
            # In front: what is told of a transaction that was refused ends with its last item.
            return {**params, "TransactItems": [{"Put": put}, *params["TransactItems"]]}
        pending.is_kept = True  # for this very request comes by here too
        try:
            holds(lambda: self._clients.dynamodb.put_item(**put))
        except BaseException:
            pending.is_kept = False
            raise
        return None

    def _transaction_answered(self, http_response: Any, context: dict[str, Any], **_: Any) -> None:
        if context.get(_CARRIED) is not None and http_response.status_code < 300:
            context[_CARRIED].is_kept = True

    def _put(self, act: Act) -> PutTypeDef:
        now, entry_id = self._clients.now(), self._new_id()
        fields = act._asdict()
        partition = audit_keys.part(fields.pop("group_id"), entry_id)
        entry = AuditEntry(entry_id=entry_id, at=now, **fields)
        key = {"PK": partition, "SK": audit_keys.entry(entry_id)}
        return {
            "TableName": self._table,
            "Item": item({**plain(entry), **key, EXPIRES_AT: int((now + KEPT).timestamp())}),
            "ConditionExpression": "attribute_not_exists(PK)",
        }
