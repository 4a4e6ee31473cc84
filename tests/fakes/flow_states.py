"""`FlowStates` in memory."""

from __future__ import annotations

from datetime import datetime

from stepcrew.domain.flow_state import packed
from stepcrew.services.flow_state_ports import FlowKey


class FakeFlowStates:
    """`saved` holds the documents; `writes` counts how often one was written."""

    def __init__(self) -> None:
        self.saved: dict[FlowKey, str] = {}
        self.writes = 0

    def save(self, key: FlowKey, document: str, now: datetime) -> None:
        packed(document)
        self.saved[key] = document
        self.writes += 1

    def load(self, key: FlowKey) -> str | None:
        return self.saved.get(key)
