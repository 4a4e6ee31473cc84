"""What waiting for an execution needs from the outside."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol


class WaitingPlace(NamedTuple):
    """The place of one caller who waits; `claim` tells it from one that another took since."""

    group_id: str
    name: str
    claim: str


class WaitingPlaces(Protocol):
    """Bounds how many callers of a group wait at the same time."""

    def take(self, group_id: str, *, now: datetime, until: datetime, most: int) -> WaitingPlace | None:
        """A place until then, or null when `most` of the group's are taken (or others took them meanwhile)."""
        ...

    def leave(self, place: WaitingPlace) -> None: ...
