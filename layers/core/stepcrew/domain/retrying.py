"""Trying again: one loop for everything that may pass by itself."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeVar

from stepcrew.domain.errors import PlatformUnavailable

Answer = TypeVar("Answer")


class Patience(NamedTuple):
    """`tries` in all; the seconds between two of them double from `first` on, up to `longest`. With `jitter` each wait
    is a random part of that, from a third on, so that two writers in each other's way do not meet again."""

    tries: int
    first: float
    longest: float
    jitter: bool = False

    def seconds_before(self, attempt: int) -> float:
        """The wait before the attempt of this number; the first is 0 and has none."""
        if attempt == 0:
            return 0.0
        seconds = min(self.longest, self.first * 2 ** (attempt - 1))
        return seconds * random.uniform(1 / 3, 1) if self.jitter else seconds  # noqa: S311 - jitter, not a secret


def attempts(patience: Patience, sleep: Callable[[float], None] = time.sleep) -> Iterator[int]:
    """The numbers of the attempts from 0 on, with the waits between them. Leave the loop when one has succeeded."""
    for attempt in range(patience.tries):
        if attempt:
            sleep(patience.seconds_before(attempt))
        yield attempt


def retried(
    call: Callable[[], Answer],
    helps: Callable[[Exception], bool],
    patience: Patience,
    sleep: Callable[[float], None] = time.sleep,
) -> Answer:
    """What the call answers. Raises at once an error that another try does not help against, else the last one."""
    for attempt in attempts(patience, sleep):
        try:
            return call()
        except Exception as error:
            if attempt == patience.tries - 1 or not helps(error):
                raise
    raise AssertionError("unreachable: there is at least one try")


def until_available(call: Callable[[], Answer], patience: Patience) -> Answer:
    """The same of a call that the platform did not serve: it raises the last `PlatformUnavailable`."""
    return retried(call, lambda error: isinstance(error, PlatformUnavailable) and error.retryable, patience)
