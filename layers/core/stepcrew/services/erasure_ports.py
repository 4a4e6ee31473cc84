"""What removing a person's or a group's data needs of the outside; as in `ports`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Protocol

from stepcrew.domain.erasure import Erasure


class ErasureStore(Protocol):
    def create(self, erasure: Erasure) -> None: ...

    def erasure(self, group_id: str, erasure_id: str) -> Erasure:
        """Strongly consistent. Raises `ErasureNotFound`."""
        ...

    def erasures(self, group_id: str) -> list[Erasure]:
        """Newest first."""
        ...

    def save(self, erasure: Erasure) -> bool:
        """Writes it over the revision before its own. False when another was written meanwhile."""
        ...

    def open_erasures(self) -> Iterator[tuple[str, str]]:
        """Group and id of each that is RUNNING; eventually consistent."""
        ...


class Remains(Protocol):
    """What is in the table and the bucket beside executions that are listed."""

    def of_batch(self, group_id: str, batch_id: str) -> Iterator[Counter[str]]:
        """Removes it with its rows, piece by piece; tells of each how many of which kind went."""
        ...

    def of_group(self, group_id: str) -> Iterator[Counter[str]]:
        """The same for everything of the group but its executions, limits, slots, erasures and audit log. What its
        owners must remove first (triggers with their rules, secrets) is gone already."""
        ...
