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
    """`KnowledgeStore` over DynamoDB. The item that lists a file's chunks is written after the last of them."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self._table = table
        self._records = Records(clients, table)

    def has(self, group_id: str, sha256: str, embedder: str) -> bool:
        return self._records.item(keys.knowledge(group_id), keys.index(sha256, embedder)) is not None

    def keep(self, group_id: str, sha256: str, embedder: str, chunks: Sequence[Chunk]) -> None:
        partition = keys.chunks(group_id, sha256, embedder)
        entries = [
            item({"PK": partition, "SK": keys.chunk(number), **chunk.piece._asdict(), "vector": chunk.vector})
            for number, chunk in enumerate(chunks)
        ]
        listed = {"PK": keys.knowledge(group_id), "SK": keys.index(sha256, embedder), "chunks": len(chunks)}
        with platform_errors("Keeping knowledge"):
            write_all(self._clients.dynamodb, self._table, [{"PutRequest": {"Item": entry}} for entry in entries])
            self._clients.dynamodb.put_item(TableName=self._table, Item=item({**listed, "partition": partition}))

    def chunks(self, group_id: str, sha256: str, embedder: str) -> list[Chunk]:
        known = {":key": keys.chunks(group_id, sha256, embedder)}
        found = self._records.found("Reading knowledge", "PK = :key", known)
        return [Chunk(Piece(entry["place"], entry["text"]), bytes(entry["vector"])) for entry in map(values, found)]

    def forget(self, group_id: str, sha256: str) -> int:
        condition, known = "PK = :key AND begins_with(SK, :sha)", {":key": keys.knowledge(group_id)}
        known[":sha"] = keys.index(sha256, "")
        listed = [values(entry) for entry in self._records.found("Reading knowledge", condition, known)]
        with platform_errors("Deleting knowledge"):
            for entry in listed:
                delete_found(self._clients.dynamodb, self._table, "PK = :key", {":key": entry["partition"]})
            delete_found(self._clients.dynamodb, self._table, condition, known)
        return sum(int(entry["chunks"]) for entry in listed)
