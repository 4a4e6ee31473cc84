"""What executions used, in a dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from stepcrew.domain.usage_sums import By, DaySum, Sums, UsageEntry, added_up


class FakeUsage:
    """`UsageStore`; the sums are kept apart from the entries, so that a test can spoil them."""

    def __init__(self) -> None:
        self._entries: dict[tuple[str, str], str] = {}
        self.summed: dict[str, dict[tuple[By, date, str], Sums]] = {}

    def count(self, entry: UsageEntry) -> bool:
        key = (entry.group_id, entry.execution_id)
        if key in self._entries:
            return False
        self._entries[key] = entry.model_dump_json()
        known = self.summed.setdefault(entry.group_id, {})
        for place, sums in added_up([entry]).items():
            known[place] = known.get(place, Sums()).plus(sums)
        return True

    def sums(self, group_id: str, by: By, first: date, last: date) -> list[DaySum]:
        return [
            DaySum(by=key[0], day=key[1], name=key[2], sums=sums)
            for key, sums in sorted(self.summed.get(group_id, {}).items())
            if key[0] is by and first <= key[1] <= last
        ]

    def entries(self, group_id: str, first: date, last: date) -> Iterator[UsageEntry]:
        for (group, _), text in self._entries.items():
            entry = UsageEntry.model_validate_json(text)
            if group == group_id and first <= entry.day <= last:
                yield entry
