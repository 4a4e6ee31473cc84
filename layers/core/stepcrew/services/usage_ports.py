"""What the use cases of a group's usage need of the outside; as in `ports`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Protocol

from stepcrew.domain.announcement import Announcement
from stepcrew.domain.budgets import Budgets
from stepcrew.domain.usage_sums import By, DaySum, UsageEntry


class UsageStore(Protocol):
    """What each execution of a group used, and the sums."""

    def count(self, entry: UsageEntry) -> bool:
        """Writes the entry and adds to all its sums at once. False, and nothing written, when it was counted before."""
        ...

    def sums(self, group_id: str, by: By, first: date, last: date) -> list[DaySum]:
        """Of the days from first to last, both included; strongly consistent."""
        ...

    def entries(self, group_id: str, first: date, last: date) -> Iterator[UsageEntry]:
        """What the executions used that ended on these days."""
        ...


class BudgetStore(Protocol):
    """What a group may spend."""

    def budgets(self, group_id: str) -> Budgets:
        """Strongly consistent; empty where the group has none."""
        ...

    def save_budgets(self, group_id: str, budgets: Budgets) -> Budgets | None:
        """In the place of those of the revision that they name (0 is none), with the next one. None, and nothing
        written, when another came between."""
        ...

    def is_told(self, group_id: str, telling: str) -> bool: ...

    def keep_told(self, group_id: str, telling: str) -> None:
        """Remembers for a while that this was told."""
        ...


class AnnouncementBus(Protocol):
    def put(self, announcements: list[Announcement]) -> None:
        """Returns when all of them are taken. Raises `PlatformUnavailable`."""
        ...
