"""The budgets of groups: one item each, and what was told of them."""

from __future__ import annotations

from datetime import timedelta

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.items import values
from stepcrew.aws.logbook import Logbook
from stepcrew.aws.records import Records
from stepcrew.domain.budgets import Budgets

_TOLD = timedelta(days=62)
"""Longer than any month, and what ends late in it."""


class TableBudgets:
    """`BudgetStore` over DynamoDB."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self._records = Records(clients, table)
        self._logbook = Logbook(clients, table)

    def budgets(self, group_id: str) -> Budgets:
        found = self._records.item(keys.group(group_id), keys.BUDGETS)
        return Budgets.model_validate_json(values(found)["document"]) if found else Budgets()

    def save_budgets(self, group_id: str, budgets: Budgets) -> Budgets | None:
        saved = budgets.model_copy(update={"revision": budgets.revision + 1})
        key = {"PK": keys.group(group_id), "SK": keys.BUDGETS}
        entry = {**key, "document": saved.model_dump_json(), "revision": saved.revision}
        written = self._logbook.put(entry, "revision", budgets.revision or None, "Storing the budgets")
        return saved if written else None

    def is_told(self, group_id: str, telling: str) -> bool:
        return self._records.item(keys.usage(group_id), keys.told(telling)) is not None

    def keep_told(self, group_id: str, telling: str) -> None:
        until = int((self._clients.now() + _TOLD).timestamp())
        entry = {"PK": keys.usage(group_id), "SK": keys.told(telling), "expires_at": until}
        self._records.put("Storing what was told of a budget", entry)
