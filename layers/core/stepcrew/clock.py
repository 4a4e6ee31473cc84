"""The clock of the machine. The only place that reads it: everything else is given a `Clock` (services/ports.py)."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """`Clock` of the machine."""

    def now(self) -> datetime:
        return datetime.now(UTC)
