"""A crew runs in a thread that may be abandoned."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Callable, Coroutine
from typing import Any

from stepcrew_runner.crew.seams import silence_open_scopes
from stepcrew_runner.gate import scope
from stepcrew_runner.gate.aborts import Abort
from stepcrew_runner.gate.companions import Companions
from stepcrew_runner.trace import logs

ABANDON_SECONDS = 1.0
"""How long a cancelled crew may take to stop. What blocks longer is abandoned: it can begin nothing more, and its
process serves no other execution."""


class ProcessEndRefused(Exception):
    """A crew raised what ends a Python process (`SystemExit`, `KeyboardInterrupt`). The process is the platform's, and
    goes on."""


class CrewThread(threading.Thread):
    """Runs a crew in a thread, an event loop and a context of its own.

    A thread, because some of CrewAI's calls block the loop (planning, guardrails) and can only be abandoned. A fresh
    context, because an aborted crew leaves frames behind in it, and because code of a crew must not count as the
    platform's (see `addresses`).
    """

    def __init__(self, run: Callable[[], Coroutine[Any, Any, None]], companions: Companions) -> None:
        super().__init__(name="crew", daemon=True)
        self._run_crew = run
        self._control = companions.control
        self._gate = companions.gate
        self._log = logs.current.get()
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            contextvars.Context().run(self._in_context)
        except (Exception, Abort) as error:  # noqa: BLE001 - the thread's boundary: raised again in the attempt
            self.error = error
        except BaseException as error:  # noqa: BLE001 - the same, but as it is it would end the process
            self.error = ProcessEndRefused(f"{type(error).__name__}: {error}")
            self.error.__cause__ = error
        finally:
            self._control.over.set()

    def join_or_abandon(self) -> None:
        """Returns when the crew has ended, or soon after the attempt was interrupted: nothing of it begins any more."""
        try:
            self._control.over.wait()
            if self._control.interrupt:
                with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended by itself
                    self._loop.call_soon_threadsafe(self._cancel)
                self.join(ABANDON_SECONDS)
            else:
                self.join()
        finally:
            self._gate.shut()

    def _in_context(self) -> None:
        logs.current.set(self._log)
        scope.enter(self._gate)
        silence_open_scopes()
        try:
            self._task = self._loop.create_task(self._run_crew())
            self._loop.run_until_complete(self._task)
        finally:
            # Asynchronous tasks of a crew that ended early. Threads are not waited for: they end by themselves.
            left = asyncio.all_tasks(self._loop)
            if left and self._control.lets_others_finish():
                # Each stops at its own next call, and what is in flight is paid for.
                _, left = self._loop.run_until_complete(asyncio.wait(left, timeout=self._control.seconds_left()))
            for task in left:
                task.cancel()
            if left:
                self._loop.run_until_complete(asyncio.wait(left))
            self._loop.close()

    def _cancel(self) -> None:
        if self._task:
            self._task.cancel()
