"""What a group has registered, in memory."""

from __future__ import annotations

from stepcrew.services.own_parts import OwnParts


class NothingRegistered:
    """A store in which nothing is."""

    def one(self, group_id: str, name: str) -> None:
        return None

    def every(self, group_id: str) -> list[object]:
        return []

    def put(self, group_id: str, kept: object) -> None:
        raise NotImplementedError

    def delete(self, group_id: str, name: str) -> None: ...


def nothing_own(group_id: str) -> OwnParts:
    """Of a group that has registered nothing."""
    return OwnParts(NothingRegistered(), NothingRegistered(), group_id)  # pyright: ignore[reportArgumentType]
