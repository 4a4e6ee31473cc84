"""What the use cases need to let only so many executions of a group run at the same time."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from stepcrew.domain.execution import Execution


class SlotStore(Protocol):
    """The slots of each group, and the queue of executions that wait for one. Strongly consistent."""

    def first_queued(self, group_id: str, limit: int) -> list[str]:
        """The ids of those that wait, in the order in which they get a slot."""
        ...

    def positions(self, group_id: str) -> dict[str, int]:
        """The place of each in the queue, by execution id; 1 is next."""
        ...

    def taken(self, group_id: str) -> dict[int, str]:
        """Which execution has each slot. It may have ended or be WAITING since: then the slot is free in truth."""
        ...

    def records(self, group_id: str, execution_ids: list[str]) -> dict[str, Execution]:
        """The records of these executions, of those that exist."""
        ...

    def take(
        self, execution: Execution, slot: int, *, instead_of: str | None, deadline: datetime, now: datetime
    ) -> Execution | None:
        """Gives the slot to an execution that waits and takes it out of the queue, at once. `instead_of` had the slot
        and holds none any more; null where the slot is free. None, and nothing changed, when one of this is not so any
        more."""
        ...

    def leave_queue(self, group_id: str, execution_id: str) -> None:
        """Takes what does not wait any more (or does not exist) out of the queue; what waits stays."""
        ...
