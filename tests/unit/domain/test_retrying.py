from __future__ import annotations

import pytest

from stepcrew.domain.retrying import Patience, attempts, retried

PATIENCE = Patience(tries=4, first=1.0, longest=3.0)


class Refusing:
    """Fails so many times, then answers."""

    def __init__(self, times: int, error: Exception) -> None:
        self.left, self.error, self.calls = times, error, 0

    def __call__(self) -> str:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise self.error
        return "done"


def test_waits_double_up_to_the_longest() -> None:
    naps: list[float] = []
    call = Refusing(3, OSError())
    assert retried(call, lambda _: True, PATIENCE, naps.append) == "done"
    assert naps == [1.0, 2.0, 3.0]


def test_the_last_error_is_raised_and_nothing_is_waited_for_after_it() -> None:
    naps: list[float] = []
    call = Refusing(9, OSError("last"))
    with pytest.raises(OSError, match="last"):
        retried(call, lambda _: True, PATIENCE, naps.append)
    assert (call.calls, len(naps)) == (4, 3)


def test_an_error_that_no_other_try_helps_against_is_raised_at_once() -> None:
    call = Refusing(1, ValueError("bug"))
    with pytest.raises(ValueError, match="bug"):
        retried(call, lambda error: isinstance(error, OSError), PATIENCE, lambda _: None)
    assert call.calls == 1


def test_jitter_keeps_between_a_third_and_the_whole() -> None:
    jittery = PATIENCE._replace(jitter=True)
    assert all(1 / 3 <= jittery.seconds_before(1) <= 1 for _ in range(100))
    assert list(attempts(jittery, lambda _: None)) == [0, 1, 2, 3]
