"""Counts what executions of a group used, as they end, and proves the sums."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from typing import NamedTuple

from pydantic import ValidationError

from stepcrew.domain.execution import Execution
from stepcrew.domain.journal import JournalEntry
from stepcrew.domain.listing import ListFilter
from stepcrew.domain.usage_sums import By, Sums, added_up, entry_of
from stepcrew.services.ports import JournalStore, ListingStore
from stepcrew.services.read_cost import ReadCost
from stepcrew.services.usage_ports import UsageStore

logger = logging.getLogger(__name__)
MOST_MISSING = 100
EARLIER = timedelta(days=30)
"""So long an execution may run and wait for people and still be found."""


class CountUsage:
    """Adds executions that have ended to their groups' sums. Safe to repeat: each execution counts once."""

    def __init__(self, usage: UsageStore, journal: JournalStore, read_cost: ReadCost) -> None:
        self._usage = usage
        self._journal = journal
        self._read_cost = read_cost

    def __call__(self, changes: Iterable[Execution]) -> int:
        """How many of them ended and were not counted before. Raises `PlatformUnavailable`."""
        return sum(self._count(execution) for execution in changes if execution.status.is_terminal)

    def _count(self, execution: Execution) -> bool:
        infrastructure = self._read_cost.summary(execution).infrastructure_usd
        return self._usage.count(entry_of(execution, self._entries(execution), infrastructure))

    def _entries(self, execution: Execution) -> list[JournalEntry]:
        """None of a journal that cannot be read: the record tells the sums then, and nothing behind it is held up."""
        try:
            return self._journal.entries(execution.group_id, execution.execution_id)
        except ValidationError:
            told = {"group_id": execution.group_id, "execution_id": execution.execution_id}
            logger.exception("The journal cannot be read", extra={**told, "attempt": execution.attempt})
            return []


class Difference(NamedTuple):
    """A sum that is not what the executions come to."""

    by: By
    day: date
    name: str
    summed: Sums
    counted_again: Sums


class Recount(NamedTuple):
    """`executions` were counted again; without differences, the sums of the days are what these come to. `missing` have
    ended on these days and were not counted: the newest, `MOST_MISSING` of them."""

    executions: int
    differences: list[Difference]
    missing: list[Execution]


def recount(usage: UsageStore, listing: ListingStore, group_id: str, first: date, last: date) -> Recount:
    """Adds up what each execution of the days used, and compares that with the sums; and looks for executions that were
    not counted among those that are still there and began at most `EARLIER` before. What ends meanwhile can make a
    difference on the last day."""
    entries = list(usage.entries(group_id, first, last))
    again = added_up(entries)
    summed = {(one.by, one.day, one.name): one.sums for by in By for one in usage.sums(group_id, by, first, last)}
    differences = [
        Difference(*key, summed.get(key, Sums()), again.get(key, Sums()))
        for key in sorted(again.keys() | summed.keys())
        if summed.get(key, Sums()) != again.get(key, Sums())
    ]
    counted = {entry.execution_id for entry in entries}
    missing = (one for one in _ended(listing, group_id, first, last) if one.execution_id not in counted)
    executions = sum(part.sums.executions for entry in entries for part in entry.parts if part.by is By.DAY)
    return Recount(executions, differences, list(islice(missing, MOST_MISSING)))


def _ended(listing: ListingStore, group_id: str, first: date, last: date) -> Iterator[Execution]:
    """The executions that ended on these days, newest first."""
    begin, end = (datetime.combine(day, time(), UTC) for day in (first, last + timedelta(days=1)))
    wanted = ListFilter(created_after=begin - EARLIER, created_before=end)
    before: str | None = None
    while True:
        page = listing.newest(group_id, wanted, before=before, limit=100)
        yield from (one for one in page.executions if one.ended_at and begin <= one.ended_at < end)
        before = page.before
        if before is None:
            return
