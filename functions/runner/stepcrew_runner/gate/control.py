"""When an attempt must stop: cancel, deadline, limits, its own time, a newer attempt. One mechanism for all of them.

The decision is made in two places: before every model call (`before_model_call`, so that nothing more is paid for), and
once a second by the watcher (`interrupt` and `stirred` are set, so that even a call in flight is abandoned).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from stepcrew.domain.approval import ApprovalKind
from stepcrew.domain.errors import Category, ExecutionError, ExecutionNotFound, PlatformUnavailable, Superseded
from stepcrew.domain.event_size import label
from stepcrew.domain.execution import Execution, Progress, Usage
from stepcrew.services.ports import Clock, ExecutionStore
from stepcrew_runner.gate.aborts import Abort, AskPerson, CancelRequested, Fenced, LimitReached, OutOfTime, Question
from stepcrew_runner.gate.usage import UsageMeter
from stepcrew_runner.isolation.addresses import trusted

LOOK_SECONDS = 1.0
MARGIN_SECONDS = 20.0
"""What the attempt needs after its last model call: to store, to ship the trace, to answer."""


class SeenCancel(NamedTuple):
    """A cancel request, and when this attempt saw it."""

    requested_at: datetime
    observed_at: datetime


class Control:
    """Of one attempt. `remaining` tells the seconds left of the invocation; `slice_seconds` above 0 end it earlier."""

    def __init__(
        self,
        execution: Execution,
        executions: ExecutionStore,
        clock: Clock,
        meter: UsageMeter,
        remaining: Callable[[], float],
        call_seconds: float,
        slice_seconds: float = 0,
    ) -> None:
        self._execution = execution
        self._executions = executions
        self._clock = clock
        self._meter = meter
        self._remaining = remaining
        self._call_seconds = call_seconds
        self._slice_ends = time.monotonic() + slice_seconds if slice_seconds else None
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._beginning = threading.Lock()
        self._begun = 0
        self._progress = execution.progress.model_copy()
        self._saved = (execution.progress.model_copy(), execution.usage.model_copy())
        self._done = threading.Event()
        self.interrupt: Abort | None = None
        self.cancel: SeenCancel | None = None
        self.sees_cancel(execution)
        self.stirred = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._done.set()
        self._thread.join()

    def before_model_call(self) -> Abort | None:
        """The abort that applies, if any. The record is looked at anew, so that no call begins after a cancel request,
        and what was used so far is in it should this attempt die in the call. An abort stays: CrewAI turns one inside
        delegated work into a tool's result, and the next boundary must end the attempt all the same."""
        if abort := self.interrupt or self._settle(self._look()):
            return abort
        with self._beginning:  # tasks side by side must not all begin the last call that is allowed
            abort = self._settle(self._limit() or self._slice())
            self._begun += abort is None
        return abort

    def may_go_on(self) -> bool:
        """The same question before anything else that costs; no call begins yet."""
        return not (self.interrupt or self._settle(self._look() or self._limit() or self._slice()))

    def goes_on(self) -> bool:
        """Whether this attempt ends for another one to go on."""
        return isinstance(self.interrupt, OutOfTime | AskPerson)

    def lets_others_finish(self) -> bool:
        """Whether crew tasks beside the one that stopped may make the model call they have begun: it is paid for."""
        limit = self.interrupt.error.category if isinstance(self.interrupt, LimitReached) else None
        return self.goes_on() or limit is Category.BUDGET

    def seconds_left(self) -> float:
        """Of this invocation, for the crew."""
        return max(0.0, self._remaining() - MARGIN_SECONDS)

    def sees_cancel(self, current: Execution) -> bool:
        """Whether the record as it is now asks to stop; remembers when that was seen first."""
        if current.cancel_requested_at and self.cancel is None:
            self.cancel = SeenCancel(current.cancel_requested_at, self._clock.now())
        return self.cancel is not None

    def ask(self, question: Question) -> Abort:
        """What ends the attempt: this question to people, or an abort that came before it."""
        asked = AskPerson(question)
        return self._settle(asked) or asked

    def stop(self, reason: Exception) -> None:
        """Ends the attempt because of a failure of the platform's own."""
        self._interrupt(Fenced(str(reason)) if isinstance(reason, Superseded) else Abort(str(reason)))

    def task_started(self, name: str, agent: str | None) -> None:
        with self._lock:
            self._progress.current_task, self._progress.current_agent = name, agent and label(agent)

    def task_finished(self, done: int) -> None:
        with self._lock:
            self._progress.tasks_done = done

    def usage(self) -> Usage:
        return self._meter.total()

    def progress(self) -> Progress:
        with self._lock:
            return self._progress.model_copy()

    def message(self) -> str:
        progress = self.progress()
        if not progress.current_task:
            return "Preparing crew…"
        number = min(progress.tasks_done + 1, progress.tasks_total)
        return f"Running task {number} of {progress.tasks_total}: {progress.current_task}"

    def _limit(self) -> Abort | None:
        limits, used, task = self._execution.limits, self._meter.total(), self.progress().current_task
        if self._clock.now() >= self._execution.deadline:
            return LimitReached(
                _reached(Category.TIMEOUT, "DeadlinePassed", "timeout_seconds", limits.timeout_seconds, "s", task)
            )
        calls = used.model_calls + max(0, self._begun - self._meter.ended_of_attempt)
        if limits.max_model_calls is not None and calls >= limits.max_model_calls:
            return self._used_up("max_model_calls", limits.max_model_calls, calls)
        if limits.max_tokens is not None and used.total_tokens >= limits.max_tokens:
            return self._used_up("max_tokens", limits.max_tokens, used.total_tokens)
        if limits.max_cost_usd is not None and used.model_calls:
            if used.cost_usd is None:
                error = _budget("max_cost_usd", limits.max_cost_usd, "an unknown sum", task)
                remedy = "Use max_tokens or max_model_calls for a model without a known price."
                return LimitReached(error.model_copy(update={"type": "PriceUnknown", "remedy": remedy}))
            if used.cost_usd >= limits.max_cost_usd:
                return self._used_up("max_cost_usd", limits.max_cost_usd, used.cost_usd)
        return None

    def _used_up(self, limit: str, allowed: object, used: object) -> Abort:
        progress = self.progress()
        error = _budget(limit, allowed, used, progress.current_task)
        if self._execution.limits.on_budget == "fail":
            return LimitReached(error)
        text = f"{error.message} May it use more?"
        return AskPerson(
            Question(ApprovalKind.BUDGET, text, progress.current_task, progress.current_agent, limit=limit)
        )

    def _slice(self) -> Abort | None:
        if self._remaining() < self._call_seconds + MARGIN_SECONDS:
            return OutOfTime("The time of this invocation is running short.")
        # Each slice gets at least one model call further: a crew that cannot advance must not go on for ever.
        if self._slice_ends and time.monotonic() >= self._slice_ends and self._meter.calls_of_attempt:
            return OutOfTime("The slice is over.")
        return None

    def _settle(self, abort: Abort | None) -> Abort | None:
        """The first abort stays, whichever thread had it: several look at once."""
        with self._lock:
            self.interrupt = self.interrupt or abort
            return self.interrupt

    def _interrupt(self, abort: Abort | None) -> None:
        if abort:
            self._settle(abort)
            self.stirred.set()

    def _watch(self) -> None:
        with trusted():
            while not self._done.wait(LOOK_SECONDS):
                self._interrupt(self._look())

    def _look(self) -> Abort | None:
        try:
            with self._looking:
                current = self._exchange((self.progress(), self._meter.total()))
        except (Superseded, ExecutionNotFound):
            return Fenced("A later attempt or a terminal status took over.")
        except PlatformUnavailable:
            current = None  # looked again in a second; the clock goes on
        if current and (current.attempt != self._execution.attempt or current.status.is_terminal):
            return Fenced("A later attempt or a terminal status took over.")
        if current and self.sees_cancel(current):
            return CancelRequested("Cancelled on request.")
        if self._clock.now() >= self._execution.deadline:
            return self._limit()
        if self._remaining() < MARGIN_SECONDS:
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


def _reached(category: Category, kind: str, limit: str, allowed: object, unit: str, task: str | None) -> ExecutionError:
    where = f" in crew task {task}" if task else ""
    return ExecutionError(
        category=category,
        type=kind,
        message=f"The execution reached its limit {limit} = {allowed} {unit}".rstrip() + f"{where}.",
        remedy=f"Raise limits.{limit}, or give the crew less to do.",
        task=task,
    )


def _budget(limit: str, allowed: object, used: object, task: str | None) -> ExecutionError:
    error = _reached(Category.BUDGET, "LimitReached", limit, allowed, "", task)
    return error.model_copy(update={"message": f"{error.message[:-1]}: {used} used."})
