"""Runs one built crew under control, and keeps what its tasks finish."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import io
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, cast

from crewai.events import crewai_event_bus
from crewai.events.stream_context import add_stream_sink
from crewai.hooks import InterceptionPoint
from crewai.hooks.dispatch import scoped_hooks
from crewai.tasks.task_output import TaskOutput as CrewOutput

from stepcrew.domain.execution import Execution, TaskOutput, TaskState
from stepcrew.services.ports import TaskOutputStore
from stepcrew_runner.addresses import as_platform
from stepcrew_runner.building import BuiltCrew, CrewBuilder
from stepcrew_runner.control import Control
from stepcrew_runner.recorder import TraceRecorder
from stepcrew_runner.tasks import ReplayableConditionalTask, ReplayableTask, from_stored, to_stored

LOOK_SECONDS = 0.05


class CrewRun:
    """Of one attempt."""

    def __init__(self, execution: Execution, tasks: TaskOutputStore, control: Control, recorder: TraceRecorder) -> None:
        self._execution = execution
        self._tasks = tasks
        self._control = control
        self._recorder = recorder
        self._started: dict[str, datetime] = {}
        self._done: set[int] = set()
        self._failure: Exception | None = None

    def __call__(self, builder: CrewBuilder, finished: list[TaskOutput]) -> None:
        """Returns when the crew is done; raises one of our aborts or what the crew raised.

        A context of its own for each attempt: an aborted run leaves frames behind in CrewAI's, and in a fresh one no
        code of the crew counts as the platform's (see `addresses`).
        """
        contextvars.Context().run(self._in_context, builder, finished)

    def _in_context(self, builder: CrewBuilder, finished: list[TaskOutput]) -> None:
        built = builder.build()
        self._replay(built, finished)
        add_stream_sink(self._sink)
        hooks = {InterceptionPoint.PRE_MODEL_CALL: [self._before_model_call]}
        loop = asyncio.new_event_loop()
        try:
            with (
                scoped_hooks(hooks),
                crewai_event_bus.scoped_handlers(),  # CrewAI's own console output and listeners
                contextlib.redirect_stdout(io.StringIO()),
            ):
                loop.run_until_complete(self._kickoff(built))
        finally:
            loop.close()
        if self._failure:
            raise self._failure

    async def _kickoff(self, built: BuiltCrew) -> None:
        kickoff = cast("Callable[[], Coroutine[Any, Any, Any]]", getattr(built.crew, "akickoff"))  # noqa: B009
        crew = asyncio.create_task(kickoff())
        while not crew.done():
            await asyncio.wait({crew}, timeout=LOOK_SECONDS)
            if self._control.interrupt and not crew.done():
                crew.cancel()
                await asyncio.wait({crew}, timeout=5)
                raise self._control.interrupt
        try:
            await crew
        except Exception:
            # An interruption or a failed write of ours is the true reason of whatever came after it.
            reason = self._failure or self._control.interrupt
            if reason:
                raise reason from None
            raise

    def _before_model_call(self, _context: Any) -> None:
        as_platform(self._control.before_model_call)

    def _replay(self, built: BuiltCrew, finished: list[TaskOutput]) -> None:
        for stored in finished:
            task = built.tasks[stored.index]
            task.replay(from_stored(stored, task))
            self._done.add(stored.index)
        self._control.task_finished(len(self._done))
        for index, task in enumerate(built.tasks):
            if isinstance(task, ReplayableConditionalTask):
                task.when_skipped(self._skipped_at(index, task))
        self._indexes = {task.name or "": index for index, task in enumerate(built.tasks)}

    def _skipped_at(self, index: int, task: ReplayableTask) -> Any:
        def skipped(output: CrewOutput) -> None:
            if index in self._done:
                return
            self._keep(to_stored(output, index, task.name or "", self._execution.attempt, TaskState.SKIPPED))
            self._recorder.skipped(task.name or "", output.agent or None)

        return skipped

    def _sink(self, source: Any, event: Any) -> None:
        """Outputs are stored before the crew goes on. What is raised here would be retried by CrewAI like a fault of
        the crew, so a failed write is kept and ends the attempt at the next model call."""
        self._recorder.sink(source, event)
        name = getattr(event, "task_name", None) or getattr(getattr(event, "task", None), "name", None)
        if event.type not in ("task_started", "task_completed") or name not in self._indexes:
            return
        if event.type == "task_started":
            self._started[name] = datetime.now(UTC)
            self._control.task_started(name, getattr(getattr(event.task, "agent", None), "role", None))
            return
        index = self._indexes[name]
        stored = to_stored(event.output, index, name, self._execution.attempt, TaskState.COMPLETED)
        times = {"started_at": self._started.get(name), "ended_at": datetime.now(UTC)}
        self._keep(stored.model_copy(update=times))

    def _keep(self, output: TaskOutput) -> None:
        if output.index in self._done or self._failure:
            return
        try:
            as_platform(self._tasks.save_task_output, self._execution, output)
        except Exception as error:  # noqa: BLE001 - a boundary to CrewAI: raised again as the end of the attempt
            self._failure = error
            self._control.stop(error)
            return
        self._done.add(output.index)
        self._control.task_finished(len(self._done))
