"""What the runner needs of the place where flows keep their state; as in `ports`."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol


class FlowKey(NamedTuple):
    """Whose state it is: of the flow with this id (`state.id`), of the stored crew of this name."""

    group_id: str
    crew: str
    flow_id: str


class FlowStates(Protocol):
    """The last state of each flow of a group, as JSON."""

    def save(self, key: FlowKey, document: str, now: datetime) -> None:
        """Takes the place of what was saved before. Raises `StateTooLarge`."""
        ...

    def load(self, key: FlowKey) -> str | None: ...


class NoFlowStates:
    """`FlowStates` where nothing is kept: in a replay, whose journal has what was read."""

    def save(self, key: FlowKey, document: str, now: datetime) -> None:
        pass

    def load(self, key: FlowKey) -> str | None:  # noqa: ARG002 - as its port
        return None
