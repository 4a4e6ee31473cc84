"""Budgets of groups in a dictionary."""

from __future__ import annotations

from stepcrew.domain.announcement import Announcement
from stepcrew.domain.budgets import Budgets


class FakeBudgets:
    """`BudgetStore` and `AnnouncementBus`, with what was announced."""

    def __init__(self) -> None:
        self._budgets: dict[str, str] = {}
        self._told: set[tuple[str, str]] = set()
        self.announced: list[Announcement] = []

    def budgets(self, group_id: str) -> Budgets:
        return Budgets.model_validate_json(self._budgets.get(group_id, "{}"))

    def save_budgets(self, group_id: str, budgets: Budgets) -> Budgets | None:
        if self.budgets(group_id).revision != budgets.revision:
            return None
        saved = budgets.model_copy(update={"revision": budgets.revision + 1})
        self._budgets[group_id] = saved.model_dump_json()
        return saved

    def is_told(self, group_id: str, telling: str) -> bool:
        return (group_id, telling) in self._told

    def keep_told(self, group_id: str, telling: str) -> None:
        self._told.add((group_id, telling))

    def put(self, announcements: list[Announcement]) -> None:
        self.announced += announcements
