"""What keeps and tells who did what in a group; as in `ports`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from stepcrew.domain.audit import AuditEntry
from stepcrew.domain.membership import Role


class Act(NamedTuple):
    """What somebody asks for. An empty `target` may be named while it is done."""

    group_id: str
    who: str | None
    role: Role
    action: str
    target: str
    request_id: str | None


class AuditLog(Protocol):
    def acting(self, act: Act) -> AbstractContextManager[None]:
        """Whatever is changed within is done by this act: its entry is written with the first change, and none where
        nothing is changed. A change whose entry cannot be written is not made."""
        ...

    def newest(self, group_id: str, *, before: str | None, limit: int) -> list[AuditEntry]:
        """Newest first, older than the entry of this id; strongly consistent."""
        ...
