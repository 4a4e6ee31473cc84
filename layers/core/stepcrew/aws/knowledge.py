"""Knowledge in the table: a partition for the chunks of each file and embedding model, and one that lists those."""

from __future__ import annotations

from collections.abc import Sequence

from stepcrew.aws import keys
from stepcrew.aws.batches import delete_found, write_all
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import item, values
from stepcrew.aws.records import Records
from stepcrew.domain.knowledge import Chunk, Piece


class TableKnowledge:
    """`KnowledgeStore` over DynamoDB. The item that lists a file's chunks says how many when all are there."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self._table = table
        self._records = Records(clients, table)

    def has(self, group_id: str, sha256: str, embedder: str) -> bool:
        found = self._records.item(keys.knowledge(group_id), keys.index(sha256, embedder))
        return found is not None and "chunks" in found

    def begin(self, group_id: str, sha256: str, embedder: str) -> None:
        if not self.has(group_id, sha256, embedder):
            self._list(group_id, sha256, embedder)

    def put(self, group_id: str, sha256: str, embedder: str, first: int, chunks: Sequence[Chunk]) -> None:
        partition = keys.chunks(group_id, sha256, embedder)
        entries = [
            item({"PK": partition, "SK": keys.chunk(number), **chunk.piece._asdict(), "vector": chunk.vector})
            for number, chunk in enumerate(chunks, first)
        ]
        with platform_errors("Keeping knowledge"):
            write_all(self._clients.dynamodb, self._table, [{"PutRequest": {"Item": entry}} for entry in entries])

    def finish(self, group_id: str, sha256: str, embedder: str, count: int) -> None:
        self._list(group_id, sha256, embedder, chunks=count)

    def chunks(self, group_id: str, sha256: str, embedder: str) -> list[Chunk]:
        known = {":key": keys.chunks(group_id, sha256, embedder)}
        found = self._records.found("Reading knowledge", "PK = :key", known)
        return [Chunk(Piece(entry["place"], entry["text"]), bytes(entry["vector"])) for entry in map(values, found)]

    def _list(self, group_id: str, sha256: str, embedder: str, **more: int) -> None:
        listed = {"PK": keys.knowledge(group_id), "SK": keys.index(sha256, embedder), **more}
        partition = keys.chunks(group_id, sha256, embedder)
        self._records.put("Keeping knowledge", {**listed, "partition": partition})

    def forget(self, group_id: str, sha256: str) -> int:
        condition, known = "PK = :key AND begins_with(SK, :sha)", {":key": keys.knowledge(group_id)}
        known[":sha"] = keys.index(sha256, "")
        listed = [values(entry) for entry in self._records.found("Reading knowledge", condition, known)]
        with platform_errors("Deleting knowledge"):
            for entry in listed:
                delete_found(self._clients.dynamodb, self._table, "PK = :key", {":key": entry["partition"]})
            delete_found(self._clients.dynamodb, self._table, condition, known)
        return sum(int(entry.get("chunks", 0)) for entry in listed)
