"""The journal in the table: one item for each entry, put only where none is; large bodies in the bucket."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.documents import INLINE_BYTES
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import item, values
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.records import Records
from stepcrew.aws.transactions import holds
from stepcrew.domain.errors import BodyExpired, PlatformUnavailable
from stepcrew.domain.execution import Execution
from stepcrew.domain.journal import EntryState, JournalEntry
from stepcrew.domain.trace import TEXT


class TableJournal:
    """`JournalStore` over DynamoDB and the bucket."""

    def __init__(self, clients: Clients, table: str, payloads: BucketPayloads, retention_days: int) -> None:
        self._clients = clients
        self._table = table
        self._records = Records(clients, table)
        self._payloads = payloads
        self._retention = timedelta(days=retention_days)

    def entries(self, group_id: str, execution_id: str) -> list[JournalEntry]:
        known = {":key": keys.execution(group_id, execution_id), ":prefix": keys.JOURNAL_PREFIX}
        found = self._records.found("Reading the journal", "PK = :key AND begins_with(SK, :prefix)", known)
        return [JournalEntry.model_validate_json(values(entry)["document"]) for entry in found]

    def body(self, group_id: str, execution_id: str, entry: JournalEntry) -> str:
        if entry.body_reference is None:
            return entry.body
        found = self._payloads.get(group_id, execution_id, entry.body_reference.payload_id)
        if found is None:
            raise BodyExpired(f"The answer of {entry.name} in the journal")
        return found.decode()

    def write(self, execution: Execution, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        key = {"PK": keys.execution(execution.group_id, execution.execution_id), "SK": keys.journal(entry.entry_id)}
        light = self._light(execution, entry)
        new = {
            **key,
            "document": light.model_dump_json(),
            "state": entry.state.value,
            "expires_at": int((execution.created_at + self._retention).timestamp()),
        }
        replaces = again or entry.state is EntryState.ANSWERED
        with platform_errors("Writing the journal"):
            written = holds(
                lambda: self._clients.dynamodb.put_item(
                    TableName=self._table,
                    Item=item(new),
                    ConditionExpression="attribute_not_exists(PK) OR #state = :replaced",
                    ExpressionAttributeNames={"#state": "state"},
                    ExpressionAttributeValues=item({":replaced": EntryState.BEGUN.value if replaces else "none"}),
                )
            )
            if written:
                return entry
            answer = self._clients.dynamodb.get_item(TableName=self._table, Key=item(key), ConsistentRead=True)
        found = answer.get("Item")
        if found is None:
            raise PlatformUnavailable("An entry of the journal vanished.")
        return JournalEntry.model_validate_json(values(found)["document"])

    def _light(self, execution: Execution, entry: JournalEntry) -> JournalEntry:
        body = entry.body.encode(errors="replace")
        if len(body) <= INLINE_BYTES:
            return entry
        # The content is part of the id: of two writers, the one that loses has overwritten nothing.
        payload_id = f"journal-{entry.entry_id}-{hashlib.sha256(body).hexdigest()[:16]}"
        reference = self._payloads.put(execution.group_id, execution.execution_id, payload_id, body, TEXT)
        return entry.model_copy(update={"body": "", "body_reference": reference})
