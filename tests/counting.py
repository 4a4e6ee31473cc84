"""Counts the work of a call instead of its time: how often which functions are called, Python's own and C's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def traced_calls(work: Callable[[], object], name: str | None = None) -> list[str]:
    """The names of the functions called meanwhile, in order, or only those called `name`."""
    found: list[str] = []

    def profile(frame: FrameType, event: str, argument: Any) -> None:
        if event in ("call", "c_call"):
            called = frame.f_code.co_name if event == "call" else getattr(argument, "__name__", "")
            if name is None or called == name:
                found.append(called)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        work()
    finally:
        sys.setprofile(before)
    return found


def calls_of(work: Callable[[], object]) -> int:
    return len(traced_calls(work))
