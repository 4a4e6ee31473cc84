"""What groups register under names (function tools, model connections): each as JSON text, read as it was written."""

from __future__ import annotations

from typing import Generic, TypeVar

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.items import values
from stepcrew.aws.records import Records
from stepcrew.domain.connection import StoredConnection
from stepcrew.domain.function_tool import StoredTool
from stepcrew.services.registration_ports import Registered

Kept = TypeVar("Kept", bound=Registered)


class TableRegistrations(Generic[Kept]):
    """`RegistrationStore` over DynamoDB. `word` stands in the keys, and names in errors what is kept."""

    def __init__(self, clients: Clients, table: str, kind: type[Kept], word: str) -> None:
        self._kind = kind
        self._word = word
        self._records = Records(clients, table)

    def one(self, group_id: str, name: str) -> Kept | None:
        found = self._records.item(*self._key(group_id, name))
        return self._read(values(found)["document"]) if found else None

    def every(self, group_id: str) -> list[Kept]:
        known = {":key": keys.registrations(group_id, self._word)}
        found = self._records.found(f"Listing the {self._word}s", "PK = :key", known)
        return [self._read(values(entry)["document"]) for entry in found]

    def put(self, group_id: str, kept: Kept) -> None:
        partition, sort = self._key(group_id, kept.name)
        entry = {"PK": partition, "SK": sort, "document": kept.model_dump_json()}
        self._records.put(f"Storing the {self._word}", entry)

    def delete(self, group_id: str, name: str) -> None:
        self._records.remove(f"Deleting the {self._word}", *self._key(group_id, name))

    def _key(self, group_id: str, name: str) -> tuple[str, str]:
        return keys.registrations(group_id, self._word), keys.registration(self._word, name)

    def _read(self, document: str) -> Kept:
        return self._kind.model_validate_json(document)


def table_tools(clients: Clients, table: str) -> TableRegistrations[StoredTool]:
    return TableRegistrations(clients, table, StoredTool, "tool")


def table_connections(clients: Clients, table: str) -> TableRegistrations[StoredConnection]:
    return TableRegistrations(clients, table, StoredConnection, "connection")
