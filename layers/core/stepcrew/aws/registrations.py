"""What groups register under names (function tools, model connections): each as JSON text, read as it was written."""

from __future__ import annotations

from typing import Generic, TypeVar

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import item, values
from stepcrew.aws.records import Records
from stepcrew.domain.connection import StoredConnection
from stepcrew.domain.function_tool import StoredTool
from stepcrew.services.registration_ports import Registered

Kept = TypeVar("Kept", bound=Registered)


class TableRegistrations(Generic[Kept]):
    """`RegistrationStore` over DynamoDB. `word` stands in the keys, and names in errors what is kept."""

    def __init__(self, clients: Clients, table: str, kind: type[Kept], word: str) -> None:
        self._clients = clients
        self._table = table
        self._kind = kind
        self._word = word
        self._records = Records(clients, table)

    def one(self, group_id: str, name: str) -> Kept | None:
        found = self._records.item(keys.registrations(group_id, self._word), keys.registration(self._word, name))
        return self._read(values(found)["document"]) if found else None

    def every(self, group_id: str) -> list[Kept]:
        known = {":key": keys.registrations(group_id, self._word)}
        found = self._records.found(f"Listing the {self._word}s", "PK = :key", known)
        return [self._read(values(entry)["document"]) for entry in found]

    def put(self, group_id: str, kept: Kept) -> None:
        entry = {**self._key(group_id, kept.name), "document": kept.model_dump_json()}
        with platform_errors(f"Storing the {self._word}"):
            self._clients.dynamodb.put_item(TableName=self._table, Item=item(entry))

    def delete(self, group_id: str, name: str) -> None:
        with platform_errors(f"Deleting the {self._word}"):
            self._clients.dynamodb.delete_item(TableName=self._table, Key=item(self._key(group_id, name)))

    def _key(self, group_id: str, name: str) -> dict[str, str]:
        return {"PK": keys.registrations(group_id, self._word), "SK": keys.registration(self._word, name)}

    def _read(self, document: str) -> Kept:
        return self._kind.model_validate_json(document)


def table_tools(clients: Clients, table: str) -> TableRegistrations[StoredTool]:
    return TableRegistrations(clients, table, StoredTool, "tool")


def table_connections(clients: Clients, table: str) -> TableRegistrations[StoredConnection]:
    return TableRegistrations(clients, table, StoredConnection, "connection")
