"""What an attempt needs to say what it used; as in `ports`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from stepcrew.domain.metering import Metered


class AttemptMeter(Protocol):
    """Counts what one attempt asks of the table and the bucket, and its time."""

    @property
    def began_at(self) -> datetime: ...

    @property
    def memory_mb(self) -> int:
        """Of the function that the attempt runs on."""
        ...

    def read(self, now: datetime) -> Metered:
        """What it used so far; without the trace."""
        ...
