"""Waiting for what happens in another thread or process."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_SECONDS = 60


def until(reached: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < deadline, "It did not happen in time."
        time.sleep(0.01)
