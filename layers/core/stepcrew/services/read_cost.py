"""What an execution costs, now or by another book of prices."""

from __future__ import annotations

from stepcrew.domain.bill import Cost, CostSummary, cost_of, summary
from stepcrew.domain.execution import Execution
from stepcrew.domain.price_book import price_book
from stepcrew.services.ports import ExecutionStore, JournalStore


class ReadCost:
    """`region` is where the stack is."""

    def __init__(self, executions: ExecutionStore, journal: JournalStore, region: str) -> None:
        self._executions = executions
        self._journal = journal
        self._region = region

    def __call__(self, group_id: str, execution_id: str, book: str | None = None) -> Cost:
        """By the price book of that name, or the newest. Raises `ExecutionNotFound`, and `InvalidRequest` for a name
        that is none."""
        prices = price_book(self._region, book)
        execution = self._executions.get(group_id, execution_id)
        return cost_of(execution, self._journal.entries(group_id, execution_id), prices, region=self._region)

    def summary(self, execution: Execution) -> CostSummary:
        """By the newest price book, without reading anything."""
        return summary(execution, price_book(self._region), region=self._region)
