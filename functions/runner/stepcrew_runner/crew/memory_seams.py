# pyright: reportPrivateUsage=false
"""Every private name of CrewAI's memory that the runner touches, as `seams` for the rest of CrewAI."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any, Self
from weakref import WeakKeyDictionary

from crewai.memory import types
from crewai.memory.storage.backend import StorageBackend
from crewai.memory.storage.factory import set_memory_storage_factory
from crewai.memory.types import MemoryRecord
from crewai.memory.unified_memory import Memory

from stepcrew_runner.crew.seams import Seam
from stepcrew_runner.gate.gate import Gate
from stepcrew_runner.gate.scope import current_gate

MEMORY_SEAMS = (
    Seam(Memory, "_submit_save", "a task could be finished before what it remembers is kept, and a kill would lose it"),
    Seam(Memory, "_on_save_done", "a save that failed would not be told"),
    Seam(types, "datetime", "what is recalled would have another score in each attempt"),
)


class PlatformMemory(Memory):
    """CrewAI's memory, which saves before the task goes on.

    CrewAI saves in a thread of its own: a task whose output is stored already would not be run again after a kill, and
    what it was about to remember would be lost. That thread also hides why an attempt has to stop."""

    is_of_one_agent: bool = False
    """Whether `root_scope` is an agent's own already: CrewAI adds the agent's role to that of a crew."""

    def remember_many(self, contents: list[str], *arguments: Any, **named: Any) -> list[MemoryRecord]:
        if self.is_of_one_agent:
            named["root_scope"] = None
        return super().remember_many(contents, *arguments, **named)

    def _submit_save(self, fn: Callable[..., Any], *arguments: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*arguments, **named))
        except Exception as error:  # noqa: BLE001 - CrewAI looks for it in the future
            done.set_exception(error)
        self._on_save_done(done)
        return done


_storages: WeakKeyDictionary[Gate, StorageBackend] = WeakKeyDictionary()


def keep_memory_in(gate: Gate, storage: StorageBackend) -> None:
    """Memories that code makes in this gate's attempt are kept there, whatever storage they name; and they are saved
    as `PlatformMemory` is."""
    _storages[gate] = storage
    set_memory_storage_factory(lambda _spec: _storages.get(current_gate()))
    Memory._submit_save = PlatformMemory.__dict__["_submit_save"]  # type: ignore[method-assign]


class _TimeOfExecution(datetime):
    """The age of what is recalled, counted to the beginning of the execution: an agent is shown the score that comes of
    it, and with today's an attempt would ask its model anew what an earlier one has paid for."""

    @classmethod
    def utcnow(cls) -> Self:
        began = current_gate().began_at.astimezone(UTC).replace(tzinfo=None)
        return cls.fromisoformat(began.isoformat())


def keep_ages() -> None:
    """Repeating it is harmless."""
    setattr(types, "datetime", _TimeOfExecution)  # noqa: B010 - pyright knows it as the class itself
