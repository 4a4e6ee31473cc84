"""Hooks that let nothing begin when the attempt it belongs to is over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stepcrew_runner.gate.aborts import Abort
from stepcrew_runner.gate.control import Control
from stepcrew_runner.isolation.addresses import Reach


def only_while_open(reach: Reach) -> Callable[[Any], None]:
    """Before a model call."""

    def refuse_when_shut(_context: Any) -> None:
        if reach.is_shut:
            raise Abort("The attempt is over.")

    return refuse_when_shut


def tools_only_while_open(control: Control, reach: Reach) -> Callable[[Any], bool | None]:
    """Before a tool call; false blocks it. An attempt that is to stop at once begins none either. One that hands over
    does: the results of calls that a model asked for before are kept for the next attempt."""

    def block_when_shut(_context: Any) -> bool | None:
        stops_at_once = control.interrupt is not None and not control.lets_others_finish()
        return False if reach.is_shut or stops_at_once else None

    return block_when_shut
