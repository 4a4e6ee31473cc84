"""When an attempt must stop: cancel, deadline, limits, its own time, a newer attempt. One mechanism for all of them.

The decision is made in two places: before every model call (`before_model_call`, so that nothing more is paid for), and
by the watcher (`interrupt` and `stirred` are set, so that even a call in flight is abandoned).
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from stepcrew.domain.errors import Category, ExecutionError, ExecutionNotFound, PlatformUnavailable, Superseded
from stepcrew.domain.execution import Execution, Progress, Usage
from stepcrew.services.ports import Clock, ExecutionStore
from stepcrew_runner.aborts import Abort, CancelRequested, Fenced, LimitReached, OutOfTime
from stepcrew_runner.addresses import trusted
from stepcrew_runner.usage import UsageMeter

LOOK_SECONDS = 1.0
MARGIN_SECONDS = 20.0
"""What the attempt needs after its last model call: to store, to ship the trace, to answer."""


class Control:
    """Of one attempt. `remaining` tells the seconds left of this invocation."""

    def __init__(
        self,
        execution: Execution,
        executions: ExecutionStore,
        clock: Clock,
        meter: UsageMeter,
        remaining: Callable[[], float],
        call_seconds: float,
    ) -> None:
        self._execution = execution
        self._executions = executions
        self._clock = clock
        self._meter = meter
        self._remaining = remaining
        self._call_seconds = call_seconds
        self._lock = threading.Lock()
        self._progress = execution.progress.model_copy()
        self._saved = (execution.progress.model_copy(), execution.usage.model_copy())
        self._done = threading.Event()
        self.interrupt: Abort | None = None
        self.stirred = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._done.set()
        self._thread.join()

    def before_model_call(self) -> None:
        """Raises the abort that applies, if any."""
        abort = self.interrupt or self._limit() or self._slice()
        if abort:
            raise abort

    def stop(self, reason: Exception) -> None:
        """Ends the attempt because of a failure of the platform's own."""
        self._interrupt(Fenced(str(reason)) if isinstance(reason, Superseded) else Abort(str(reason)))

    def task_started(self, name: str, agent: str | None) -> None:
        with self._lock:
            self._progress.current_task, self._progress.current_agent = name, agent

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

    def _limit(self) -> Abort | None:
        limits, used, task = self._execution.limits, self._meter.total(), self.progress().current_task
        if self._clock.now() >= self._execution.deadline:
            return LimitReached(
                _reached(Category.TIMEOUT, "DeadlinePassed", "timeout_seconds", limits.timeout_seconds, "s", task)
            )
        if limits.max_model_calls is not None and used.model_calls >= limits.max_model_calls:
            return LimitReached(_budget("max_model_calls", limits.max_model_calls, used.model_calls, task))
        if limits.max_tokens is not None and used.total_tokens >= limits.max_tokens:
            return LimitReached(_budget("max_tokens", limits.max_tokens, used.total_tokens, task))
        if limits.max_cost_usd is not None and used.model_calls:
            if used.cost_usd is None:
                error = _budget("max_cost_usd", limits.max_cost_usd, "an unknown sum", task)
                remedy = "Use max_tokens or max_model_calls for a model without a known price."
                return LimitReached(error.model_copy(update={"type": "PriceUnknown", "remedy": remedy}))
            if used.cost_usd >= limits.max_cost_usd:
                return LimitReached(_budget("max_cost_usd", limits.max_cost_usd, used.cost_usd, task))
        return None

    def _slice(self) -> Abort | None:
        if self._remaining() < self._call_seconds + MARGIN_SECONDS:
            return OutOfTime("The time of this invocation is running short.")
        return None

    def _interrupt(self, abort: Abort | None) -> None:
        if abort:
            self.interrupt = self.interrupt or abort
            self.stirred.set()

    def _watch(self) -> None:
        with trusted():
            while not self._done.wait(LOOK_SECONDS):
                self._interrupt(self._look())

    def _look(self) -> Abort | None:
        try:
            current = self._exchange((self.progress(), self._meter.total()))
        except (Superseded, ExecutionNotFound):
            return Fenced("A later attempt or a terminal status took over.")
        except PlatformUnavailable:
            current = None  # looked again in a second; the clock goes on
        if current and (current.attempt != self._execution.attempt or current.status.is_terminal):
            return Fenced("A later attempt or a terminal status took over.")
        if current and current.cancel_requested_at:
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
