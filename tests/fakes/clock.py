"""A clock that goes only when it is told."""

from __future__ import annotations

from datetime import datetime, timedelta


class FakeClock:
    def __init__(self, now: datetime) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now

    def advance(self, **spent: float) -> datetime:
        """`advance(minutes=5)`; answers the new time."""
        self._now += timedelta(**spent)
        return self._now
