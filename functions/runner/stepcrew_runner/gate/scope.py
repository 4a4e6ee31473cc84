"""Where code of a crew belongs: to which attempt's gate, and to which crew task.

Both are context variables, which threads that CrewAI starts and asynchronous tasks inherit. A thread that inherits
nothing belongs to the one attempt of this process that is open.
"""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from stepcrew.domain.execution import Usage
from stepcrew.domain.journal import CREW_SCOPE, JournalEntry, usage_of
from stepcrew_runner.gate.aborts import GateShut

if TYPE_CHECKING:
    from stepcrew_runner.gate.gate import Gate

_gate: ContextVar[Gate | None] = ContextVar("stepcrew_gate", default=None)
_task: ContextVar[str] = ContextVar("stepcrew_task", default=CREW_SCOPE)
_agent: ContextVar[str | None] = ContextVar("stepcrew_agent", default=None)
_open: list[Gate] = []
_lock = threading.Lock()


def enter(gate: Gate) -> None:
    """From here on the context belongs to this gate's attempt."""
    _gate.set(gate)
    gate.reach.enter()


def opened(gate: Gate) -> None:
    with _lock:
        _open.append(gate)


def closed(gate: Gate) -> None:
    with _lock:
        if gate in _open:
            _open.remove(gate)


def current_gate() -> Gate:
    """The gate this code has to pass. Raises `GateShut` where there is none: its attempt is over."""
    gate = _gate.get()
    if gate is not None:
        return gate
    with _lock:
        if len(_open) == 1:
            return _open[0]
    raise GateShut("This code belongs to no attempt that is open.")


def current_agent() -> str | None:
    """The role of the agent that calls a model or a tool, as far as it is known."""
    return _agent.get()


def set_agent(role: str | None) -> None:
    _agent.set(role)


def current_task() -> str:
    return _task.get()


class CallNotes:
    """What the gate did for one model call of CrewAI, which may be several requests."""

    def __init__(self) -> None:
        self.entries: list[tuple[JournalEntry, bool]] = []

    @property
    def is_replayed(self) -> bool:
        return bool(self.entries) and all(replayed for _, replayed in self.entries)

    def usage(self) -> Usage:
        """The usage of all requests that were let out."""
        return usage_of(entry for entry, replayed in self.entries if not replayed)


_notes: ContextVar[CallNotes | None] = ContextVar("stepcrew_call_notes", default=None)


def begin_notes() -> None:
    """A model call of CrewAI begins in this context."""
    _notes.set(CallNotes())


def notes() -> CallNotes:
    return _notes.get() or CallNotes()


def note(entry: JournalEntry, *, replayed: bool) -> None:
    found = _notes.get()
    if found is not None:
        found.entries.append((entry, replayed))


@contextmanager
def task_scope(name: str) -> Generator[None]:
    """The scope of a crew task, while that is executed."""
    token = _task.set(name)
    try:
        yield
    finally:
        _task.reset(token)
