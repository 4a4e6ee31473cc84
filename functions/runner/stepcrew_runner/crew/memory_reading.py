"""What CrewAI's memory reads of one root scope of the group, every answer through the gate.

What was read is in the journal, so that a later attempt decides as this one did, whatever other executions have
remembered meanwhile.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC
from typing import Any

from crewai.memory.types import MemoryRecord as CrewRecord
from crewai.memory.types import ScopeInfo

from stepcrew.domain.errors import StepcrewError
from stepcrew.domain.journal import EntryKey
from stepcrew.domain.memory import MemoryRecord, RootScope, below, child_scopes, is_within
from stepcrew.domain.memory_filter import MemoryFilter
from stepcrew.domain.vectors import dimension_of, pack
from stepcrew.services.memory_ports import Memories
from stepcrew_runner.crew.group_stores import asked, ends_attempt
from stepcrew_runner.crew.root_view import RootView
from stepcrew_runner.gate.companions import Companions


class MemoryReading:
    """The half of CrewAI's `StorageBackend` that changes nothing. Paths outside the root scope are taken to be below
    it."""

    def __init__(self, root: str, embedder: str, companions: Companions, store: Memories) -> None:
        """`root` is the path of the root scope, `embedder` the `provider/model` whose vectors come in."""
        self._root = root
        self._embedder = embedder
        self._companions = companions
        self._store = store
        self._group_id = companions.execution.group_id
        self._view = RootView(store, self._group_id, root, companions.clock)
        self._seen: dict[str, int] = {}
        """Revisions of the records that the crew was shown: it changes what it saw, and nothing newer."""

    def search(
        self,
        query_embedding: list[float],
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        metadata_filter: dict[str, Any] | None = None,
        limit: int = 10,
        min_score: float = 0.0,
    ) -> list[tuple[CrewRecord, float]]:
        wanted = self._packed(query_embedding)
        where = self._path(scope_prefix)

        def read() -> list[Any]:
            root = self._view.root
            if root is None:
                return []
            self._check(root, dimension_of(wanted))
            ranked = self._view.nearest(wanted, limit, self._among(where, categories, metadata_filter))
            return [[record.model_dump(mode="json"), score] for score, record in ranked if score >= min_score]

        given = [wanted.hex(), where, categories, metadata_filter, limit, min_score]
        return [(self._theirs(record), score) for record, score in self._asked("search", given, lambda _key: read())]

    def get_record(self, record_id: str) -> CrewRecord | None:
        def read() -> Any:
            found = self._view.record(record_id)
            return found.record.model_dump(mode="json") if found else None

        found = self._asked("record", [record_id], lambda _key: read())
        return self._theirs(found) if found else None

    def list_records(self, scope_prefix: str | None = None, limit: int = 200, offset: int = 0) -> list[CrewRecord]:
        where = self._path(scope_prefix)

        def read() -> list[Any]:
            found = sorted(self._within(where), key=lambda one: (one.created_at, one.record_id), reverse=True)
            return [one.model_dump(mode="json") for one in found[offset : offset + limit]]

        return [self._theirs(one) for one in self._asked("list", [where, limit, offset], lambda _key: read())]

    def get_scope_info(self, scope: str) -> ScopeInfo:
        where = self._path(scope)

        def read() -> dict[str, Any]:
            found = self._within(where)
            times = [record.created_at for record in found]
            return {
                "path": where,
                "record_count": len(found),
                "categories": sorted({category for record in found for category in record.categories}),
                "oldest_record": min(times).isoformat() if times else None,
                "newest_record": max(times).isoformat() if times else None,
                "child_scopes": child_scopes((record.scope for record in found), where),
            }

        return ScopeInfo.model_validate(self._asked("scope", [where], lambda _key: read()))

    def list_scopes(self, parent: str = "/") -> list[str]:
        where = self._path(parent)
        return self._asked(
            "scopes", [where], lambda _key: child_scopes((record.scope for record in self._within(where)), where)
        )

    def list_categories(self, scope_prefix: str | None = None) -> dict[str, int]:
        where = self._path(scope_prefix)

        def read() -> dict[str, int]:
            counted = Counter(category for record in self._within(where) for category in record.categories)
            return dict(sorted(counted.items()))

        return self._asked("categories", [where], lambda _key: read())

    def count(self, scope_prefix: str | None = None) -> int:
        where = self._path(scope_prefix)
        return self._asked("count", [where], lambda _key: len(self._within(where)))

    def _asked(self, operation: str, given: list[Any], ask: Callable[[EntryKey], Any]) -> Any:
        """What is wrong with an operation ends the attempt."""
        try:
            return asked(self._companions, f"memory {operation}", [self._root, given], ask)
        except StepcrewError as error:
            raise ends_attempt(self._companions, error) from error

    def _packed(self, numbers: list[float]) -> bytes:
        """A vector as it is kept. One that is none ends the attempt, as above."""
        try:
            return pack(numbers)
        except StepcrewError as error:
            raise ends_attempt(self._companions, error) from error

    def _check(self, root: RootScope, dimension: int) -> None:
        root.check(self._embedder, dimension)

    def _among(self, where: str, categories: Iterable[str] | None, metadata: Mapping[str, Any] | None) -> MemoryFilter:
        return MemoryFilter(where, self._companions.clock.now(), frozenset(categories or ()), metadata or {})

    def _within(self, where: str) -> list[MemoryRecord]:
        return [record for record in self._view.records() if is_within(record.scope, where)]

    def _path(self, scope: str | None) -> str:
        return below(self._root, scope or "/")

    def _theirs(self, document: Any) -> CrewRecord:
        """CrewAI's times are UTC without saying so."""
        record = MemoryRecord.model_validate(document)
        self._seen[record.record_id] = record.revision
        return CrewRecord(
            id=record.record_id,
            content=record.content,
            scope=record.scope,
            categories=record.categories,
            metadata=dict(record.metadata),
            importance=record.importance,
            created_at=record.created_at.astimezone(UTC).replace(tzinfo=None),
            last_accessed=record.updated_at.astimezone(UTC).replace(tzinfo=None),
            source=record.source,
            private=record.private,
        )
