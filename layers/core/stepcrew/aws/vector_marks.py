"""What a vector in an index is told of its record, so that queries can ask for it: marks in place of texts, which fit
into the 2 KB that queries filter by."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

from stepcrew.domain.canonical import digest
from stepcrew.domain.memory import MemoryRecord, RootScope
from stepcrew.domain.memory_filter import MemoryFilter

MOST_TOLD = 24
"""Scopes and categories of a record that its vector is told of, so that they fit into the 2 KB that queries filter by.
A record with more categories is found by any."""
ANY = "*"
EXPIRES, WRITTEN = "expires", "written"
"""Seconds since 1970."""


def told_of(root: RootScope, record: MemoryRecord) -> dict[str, Any]:
    """What queries can ask for. An empty list is left out."""
    categories = sorted(set(record.categories))
    marks = [_mark(one) for one in categories[:MOST_TOLD]] + [ANY] * (len(categories) > MOST_TOLD)
    told: dict[str, Any] = {"scopes": [_mark(one) for one in _levels(root, record.scope)], "categories": marks}
    if record.expires_at:
        told[EXPIRES] = int(record.expires_at.timestamp())
    return {name: some for name, some in told.items() if some}


def query_for(root: RootScope, among: MemoryFilter) -> dict[str, Any] | None:
    """At least what the filter takes."""
    conditions: list[dict[str, Any]] = []
    if levels := _levels(root, among.scope):
        conditions.append({"scopes": {"$eq": _mark(levels[-1])}})
    if 0 < len(among.categories) <= MOST_TOLD:
        conditions.append({"categories": {"$in": [*map(_mark, sorted(among.categories)), ANY]}})
    return {"$and": conditions} if len(conditions) > 1 else next(iter(conditions), None)


def _levels(root: RootScope, scope: str) -> list[str]:
    """The paths from below the root scope down to this one, the first of them."""
    parts = [part for part in scope.removeprefix(root.path).split("/") if part][:MOST_TOLD]
    return list(accumulate(parts, "{}/{}".format))


def _mark(text: str) -> str:
    return digest(text)[:16]
