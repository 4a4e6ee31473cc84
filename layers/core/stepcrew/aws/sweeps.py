"""The last sweep: one item of the table, of no group."""

from __future__ import annotations

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.items import values
from stepcrew.aws.records import Records
from stepcrew.domain.stack_state import SweepState


class TableSweeps:
    """`SweepLog` over DynamoDB."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._records = Records(clients, table)

    def keep(self, sweep: SweepState) -> None:
        entry = {"PK": keys.STACK, "SK": keys.SWEEP, "document": sweep.model_dump_json()}
        self._records.put("Keeping what the sweep did", entry)

    def last(self) -> SweepState | None:
        found = self._records.item(keys.STACK, keys.SWEEP)
        return SweepState.model_validate_json(values(found)["document"]) if found else None
