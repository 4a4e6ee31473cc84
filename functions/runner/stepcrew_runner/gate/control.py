"""When an attempt must stop: cancel, deadline, its own time, a newer attempt.

Asked by the gate before anything begins (`check`), and once a second by the watcher, which interrupts even a call in
flight (`interrupt` and `over` are set).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from stepcrew.domain.errors import Category, ExecutionNotFound, PlatformUnavailable, Superseded
from stepcrew.domain.event_size import label
from stepcrew.domain.execution import Execution, Progress, Usage
from stepcrew.services.ports import Clock, ExecutionStore
from stepcrew_runner.gate.aborts import (
    Abort,
    AskPerson,
    CancelRequested,
    Fenced,
    LimitReached,
    OutOfTime,
    PlatformFailed,
    Question,
)
from stepcrew_runner.gate.budget import reached
from stepcrew_runner.isolation.addresses import trusted

LOOK_SECONDS = 1.0
MARGIN_SECONDS = 20.0
"""What the attempt needs after its last model call: to store, to ship the trace, to answer."""


class Time(NamedTuple):
    """The time one invocation has. `remaining` answers the seconds left; `slice_seconds` above 0 end it earlier;
    `call_seconds` is how long one model call may take."""

    remaining: Callable[[], float]
    call_seconds: float
    slice_seconds: float = 0


class SeenCancel(NamedTuple):
    """A cancel request, and when this attempt saw it."""

    requested_at: datetime
    observed_at: datetime


class Control:
    """Decides when one attempt has to stop. The first abort stays: CrewAI may hide one, and the next boundary must end
    the attempt too."""

    def __init__(
        self,
        execution: Execution,
        executions: ExecutionStore,
        clock: Clock,
        time_left: Time,
        usage: Callable[[], Usage],
    ) -> None:
        self._execution = execution
        self._executions = executions
        self._clock = clock
        self._time = time_left
        self._usage = usage
        self._slice_ends = time.monotonic() + time_left.slice_seconds if time_left.slice_seconds else None
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._progress = execution.progress.model_copy()
        self._saved = (execution.progress.model_copy(), execution.usage.model_copy())
        self._done = threading.Event()
        self.interrupt: Abort | None = None
        self.cancel: SeenCancel | None = None
        self.sees_cancel(execution)
        self.over = threading.Event()
        """Set when the crew has ended, or has to be abandoned."""
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._done.set()
        self._thread.join()

    def check(self) -> Abort | None:
        """The abort that applies. The record is read again, so that nothing begins after a cancel request, and what
        was used so far is in it should this attempt die in the next call."""
        found = self.interrupt or self._look()
        return self.settle(found) if found else self.interrupt

    def check_slice(self, *, has_advanced: bool) -> Abort | None:
        """Whether the time left is too short for a model call. Each slice gets at least one call further: a crew that
        cannot advance must not go on for ever."""
        if self._time.remaining() < self._time.call_seconds + MARGIN_SECONDS:
            return OutOfTime("The time of this invocation is running short.")
        if self._slice_ends and time.monotonic() >= self._slice_ends and has_advanced:
            return OutOfTime("The slice is over.")
        return None

    def settle(self, abort: Abort) -> Abort:
        """What the attempt ends with: this abort, or one that came before it, whichever thread had it."""
        with self._lock:
            self.interrupt = self.interrupt or abort
            return self.interrupt

    def goes_on(self) -> bool:
        """Whether this attempt ends for another one to go on."""
        return isinstance(self.interrupt, OutOfTime | AskPerson)

    def lets_others_finish(self) -> bool:
        """Whether calls in flight beside the one that was refused may end: they are paid for."""
        limit = self.interrupt.error.category if isinstance(self.interrupt, LimitReached) else None
        return self.goes_on() or limit is Category.BUDGET

    def seconds_left(self) -> float:
        """The seconds of this invocation that the crew may still use."""
        return max(0.0, self._time.remaining() - MARGIN_SECONDS)

    def sees_cancel(self, current: Execution) -> bool:
        """Whether the record as it is now asks to stop; remembers when that was seen first."""
        if current.cancel_requested_at and self.cancel is None:
            self.cancel = SeenCancel(current.cancel_requested_at, self._clock.now())
        return self.cancel is not None

    def ask(self, question: Question) -> Abort:
        """What ends the attempt: this question to people, or an abort that came before it."""
        return self.settle(AskPerson(question))

    def stop(self, error: Exception) -> Abort:
        """Ends the attempt because of a failure of the platform's own."""
        return self.settle(Fenced(str(error)) if isinstance(error, Superseded) else PlatformFailed(error))

    def task_started(self, name: str, agent: str | None) -> None:
        with self._lock:
            self._progress.current_task, self._progress.current_agent = name, agent and label(agent)

    def task_finished(self, done: int) -> None:
        with self._lock:
            self._progress.tasks_done = done

    def progress(self) -> Progress:
        with self._lock:
            return self._progress.model_copy()

    def message(self) -> str:
        progress = self.progress()
        if not progress.current_task:
            return "Preparing crew…"
        number = min(progress.tasks_done + 1, progress.tasks_total)
        return f"Running task {number} of {progress.tasks_total}: {progress.current_task}"

    def _interrupt(self, abort: Abort | None) -> None:
        if abort:
            self.settle(abort)
            self.over.set()

    def _watch(self) -> None:
        with trusted():
            while not self._done.wait(LOOK_SECONDS):
                self._interrupt(self._look())

    def _look(self) -> Abort | None:
        try:
            with self._looking:
                current = self._exchange((self.progress(), self._usage()))
        except (Superseded, ExecutionNotFound):
            return Fenced("A later attempt or a terminal status took over.")
        except PlatformUnavailable:
            current = None  # looked again in a second; the clock goes on
        if current and (current.attempt != self._execution.attempt or current.status.is_terminal):
            return Fenced("A later attempt or a terminal status took over.")
        if current and self.sees_cancel(current):
            return CancelRequested("Cancelled on request.")
        if self._clock.now() >= self._execution.deadline:
            allowed, task = self._execution.limits.timeout_seconds, self.progress().current_task
            return LimitReached(reached(Category.TIMEOUT, "DeadlinePassed", "timeout_seconds", allowed, "s", task))
        if self._time.remaining() < MARGIN_SECONDS:
            return OutOfTime("The time of this invocation is over.")
        return None

    def _exchange(self, news: tuple[Progress, Usage]) -> Execution:
        """Saves what is new, and answers the record as it is now."""
        if news == self._saved:
            return self._executions.get(self._execution.group_id, self._execution.execution_id)
        progress, usage = news
        current = self._executions.save_progress(
            self._execution, progress=progress, usage=usage, message=self.message(), now=self._clock.now()
        )
        self._saved = news
        return current
