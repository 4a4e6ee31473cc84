"""The clock of the machine; no other module of the command line reads it."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)


def epoch_seconds() -> float:
    """The seconds since 1970, which is how tokens count time."""
    return time.time()
