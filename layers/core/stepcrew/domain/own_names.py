"""The names of what a group has registered, as the check of a crew asks for them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol


class OwnNames(Protocol):
    """What the group has registered; asked for only where a crew may name it."""

    def tool_names(self) -> Collection[str]: ...

    def connections(self) -> Mapping[str, Sequence[str]]:
        """The fallbacks of each connection, by its name."""
        ...


class NothingOwn:
    """Stands for a group that has registered nothing."""

    def tool_names(self) -> Collection[str]:
        return ()

    def connections(self) -> Mapping[str, Sequence[str]]:
        return {}


NOTHING_OWN = NothingOwn()
