"""Budgets of groups in a dictionary."""

from __future__ import annotations

from stepcrew.domain.budgets import BudgetAnnouncement, Budgets


class FakeBudgets:
    """`BudgetStore` and `BudgetBus`, with what was announced."""

    def __init__(self) -> None:
        self._budgets: dict[str, str] = {}
        self._told: set[tuple[str, str]] = set()
        self.announced: list[BudgetAnnouncement] = []

    def budgets(self, group_id: str) -> Budgets:
        return Budgets.model_validate_json(self._budgets.get(group_id, "{}"))

    def save_budgets(self, group_id: str, budgets: Budgets) -> None:
        self._budgets[group_id] = budgets.model_dump_json()

    def is_told(self, group_id: str, telling: str) -> bool:
        return (group_id, telling) in self._told

    def keep_told(self, group_id: str, telling: str) -> None:
        self._told.add((group_id, telling))

    def put_budget(self, announcement: BudgetAnnouncement) -> None:
        self.announced.append(announcement)
