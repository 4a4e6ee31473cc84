"""What is known of the stack as a whole."""

from __future__ import annotations

from typing import Protocol

from stepcrew.domain.stack_state import QueueState, SweepState


class Queues(Protocol):
    def states(self) -> list[QueueState]:
        """Each queue with its dead letters."""
        ...

    def redrive(self, name: str) -> None:
        """Begins to send the dead letters of a queue again. Raises KeyError for one that has none to be sent again, and
        `Conflict` while they are being sent."""
        ...


class SweepLog(Protocol):
    def keep(self, sweep: SweepState) -> None:
        """In the place of the one before."""
        ...

    def last(self) -> SweepState | None: ...
