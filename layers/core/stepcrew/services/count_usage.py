"""Counts what executions of a group used, as they end, and proves the sums."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from stepcrew.domain.execution import Execution
from stepcrew.domain.usage_sums import By, Sums, added_up, entry_of
from stepcrew.services.ports import JournalStore
from stepcrew.services.read_cost import ReadCost
from stepcrew.services.usage_ports import UsageStore


class CountUsage:
    """Safe to repeat: each execution counts once."""

    def __init__(self, usage: UsageStore, journal: JournalStore, read_cost: ReadCost) -> None:
        self._usage = usage
        self._journal = journal
        self._read_cost = read_cost

    def __call__(self, changes: Iterable[Execution]) -> int:
        """How many of them ended and were not counted before. Raises `PlatformUnavailable`."""
        return sum(self._count(execution) for execution in changes if execution.status.is_terminal)

    def _count(self, execution: Execution) -> bool:
        entries = self._journal.entries(execution.group_id, execution.execution_id)
        infrastructure = self._read_cost.summary(execution).infrastructure_usd
        return self._usage.count(entry_of(execution, entries, infrastructure))


class Difference(NamedTuple):
    """A sum that is not what the executions come to."""

    by: By
    day: date
    name: str
    summed: Sums
    counted_again: Sums


class Recount(NamedTuple):
    """`executions` were counted again; without differences, all sums of the days are right."""

    executions: int
    differences: list[Difference]


def recount(usage: UsageStore, group_id: str, first: date, last: date) -> Recount:
    """Adds up what each execution of the days used, and compares that with the sums. Executions that end meanwhile can
    make a difference on the last day."""
    entries = list(usage.entries(group_id, first, last))
    again = added_up(entries)
    summed = {(one.by, one.day, one.name): one.sums for by in By for one in usage.sums(group_id, by, first, last)}
    differences = [
        Difference(*key, summed.get(key, Sums()), again.get(key, Sums()))
        for key in sorted(again.keys() | summed.keys())
        if summed.get(key, Sums()) != again.get(key, Sums())
    ]
    return Recount(len(entries), differences)
