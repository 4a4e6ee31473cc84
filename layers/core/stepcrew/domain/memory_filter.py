"""Which records of a root scope a search is about."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import JsonValue

from stepcrew.domain.memory import MemoryRecord, is_within


class MemoryFilter(NamedTuple):
    """Those in the scope and below it that have not expired `now`, with one of the categories, where there are any, and
    all of these values among their metadata."""

    scope: str
    now: datetime
    categories: frozenset[str] = frozenset()
    metadata: Mapping[str, Any] = {}

    def takes(self, record: MemoryRecord) -> bool:
        return (
            not record.is_expired(self.now)
            and is_within(record.scope, self.scope)
            and (not self.categories or not self.categories.isdisjoint(record.categories))
            and same_metadata(record, self.metadata)
        )


def same_metadata(record: MemoryRecord, wanted: Mapping[str, JsonValue]) -> bool:
    """Whether the record has all of these values."""
    return all(
        name in record.metadata
        and json.dumps(record.metadata[name], sort_keys=True) == json.dumps(value, sort_keys=True)
        for name, value in wanted.items()
    )
