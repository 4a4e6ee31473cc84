"""What announcing changes of status needs from the outside."""

from __future__ import annotations

from typing import Protocol

from stepcrew.domain.announcement import Announcement


class AnnouncementBus(Protocol):
    def put(self, announcements: list[Announcement]) -> None:
        """Returns when all of them are taken. Raises `PlatformUnavailable` when one was not; others may be taken by
        then, so whoever repeats it tells them again."""
        ...
