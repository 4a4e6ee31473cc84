"""The budgets of groups: one item each, and what was told of them."""

from __future__ import annotations

from datetime import timedelta

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.aws.items import item, values
from stepcrew.aws.records import Records
from stepcrew.domain.budgets import Budgets

_TOLD = timedelta(days=62)
"""Longer than any month, and what ends late in it."""


class TableBudgets:
    """`BudgetStore` over DynamoDB."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._clients = clients
        self._records = Records(clients, table)

    def budgets(self, group_id: str) -> Budgets:
        found = self._records.item(keys.group(group_id), keys.BUDGETS)
        return Budgets.model_validate_json(values(found)["document"]) if found else Budgets()

    def save_budgets(self, group_id: str, budgets: Budgets) -> None:
        self._put(keys.group(group_id), keys.BUDGETS, document=budgets.model_dump_json())

    def is_told(self, group_id: str, telling: str) -> bool:
        return self._records.item(keys.usage(group_id), keys.told(telling)) is not None

    def keep_told(self, group_id: str, telling: str) -> None:
        until = int((self._clients.now() + _TOLD).timestamp())
        self._put(keys.usage(group_id), keys.told(telling), expires_at=until)

    def _put(self, partition: str, sort: str, **fields: object) -> None:
        with platform_errors("Storing a budget"):
            self._clients.dynamodb.put_item(
                TableName=self._records.table, Item=item({"PK": partition, "SK": sort, **fields})
            )
