"""States of flows in the table: one item for each id, in a partition of its stored crew."""

from __future__ import annotations

from datetime import datetime, timedelta

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.items import Item, values
from stepcrew.aws.records import Records
from stepcrew.domain.flow_state import packed, unpacked
from stepcrew.services.flow_state_ports import FlowKey


class TableFlowStates:
    """`FlowStates`. A state expires `retention_days` after it was saved last, as executions do."""

    def __init__(self, clients: Clients, table: str, retention_days: int) -> None:
        self._records = Records(clients, table)
        self._retention = timedelta(days=retention_days)

    def save(self, key: FlowKey, document: str, now: datetime) -> None:
        entry = {**_place(key), "state": packed(document), "expires_at": int((now + self._retention).timestamp())}
        self._records.put("Keeping the state of a flow", entry)

    def load(self, key: FlowKey) -> str | None:
        place = _place(key)
        found: Item | None = self._records.item(place["PK"], place["SK"])
        return unpacked(bytes(values(found)["state"])) if found else None


def _place(key: FlowKey) -> dict[str, str]:
    return {"PK": keys.flow_states(key.group_id, key.crew), "SK": keys.flow_state(key.flow_id)}
