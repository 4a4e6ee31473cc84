"""Outputs of crew tasks: each is stored before the crew goes on, and a later attempt's task answers with it."""

from __future__ import annotations

import json
import threading
from collections import Counter
from datetime import datetime
from typing import Any, cast

from crewai.crews.crew_output import CrewOutput as CrewOutputs
from crewai.tasks.task_output import TaskOutput as CrewOutput
from pydantic_core import to_jsonable_python

from stepcrew.domain.event_size import label
from stepcrew.domain.execution import TaskOutput, TaskState
from stepcrew.domain.retrying import until_available
from stepcrew.services.ports import TaskOutputStore
from stepcrew_runner.crew.building import BuiltCrew
from stepcrew_runner.crew.structured import structured_of
from stepcrew_runner.crew.tasks import ReplayableConditionalTask, ReplayableTask, Skipped, from_stored, to_stored
from stepcrew_runner.gate.companions import Companions
from stepcrew_runner.gate.journal import WRITE_PATIENCE
from stepcrew_runner.isolation.addresses import as_platform
from stepcrew_runner.trace.recorder import TraceRecorder


class Checkpoints:
    """The finished tasks of one attempt's crew: stores each output, and answers with those of earlier attempts."""

    def __init__(self, companions: Companions, tasks: TaskOutputStore, recorder: TraceRecorder) -> None:
        self._companions = companions
        self._tasks = tasks
        self._recorder = recorder
        self._indexes: dict[str, int] = {}
        self._places: dict[tuple[str, int], int] = {}
        self._completed: Counter[str] = Counter()
        self._started: dict[str, datetime] = {}
        self._done: set[int] = set()
        self._lock = threading.Lock()

    def replay(self, built: BuiltCrew, finished: list[TaskOutput]) -> None:
        """Finished tasks answer at once."""
        self._indexes = {task.name or "": index for index, task in enumerate(built.tasks)}
        for stored in finished:
            if built.tasks:
                task = built.tasks[stored.index]
                task.replay(from_stored(stored, task))
            else:
                self._place(stored.name)
            self._done.add(stored.index)
        self._completed.clear()
        self._companions.control.task_finished(len(self._done))
        for index, task in enumerate(built.tasks):
            if isinstance(task, ReplayableConditionalTask):
                task.when_skipped(self._skipped_at(index, task))

    def started(self, event: Any) -> None:
        name = _task_name(event)
        if self._is_own(name):
            self._started[name] = self._companions.clock.now()
            role = getattr(getattr(event.task, "agent", None), "role", None)
            self._companions.control.task_started(name, role)

    def completed(self, event: Any) -> None:
        name = _task_name(event)
        if self._is_own(name):
            attempt = self._companions.execution.attempt
            index = self._indexes[name] if self._indexes else self._place(name)
            stored = to_stored(event.output, index, label(name), attempt, TaskState.COMPLETED)
            times = {"started_at": self._started.get(name), "ended_at": self._companions.clock.now()}
            self._keep(stored.model_copy(update=times))

    def ended(self, name: str, answer: Any) -> None:
        """What a flow answered, as the last output."""
        raw, structured = _told(answer)
        self._keep(
            TaskOutput(
                index=self._place(name),
                name=label(name),
                raw=raw,
                json_dict=structured,
                output_format="json" if structured is not None else "raw",
                attempt=self._companions.execution.attempt,
                ended_at=self._companions.clock.now(),
            )
        )

    def _is_own(self, name: str) -> bool:
        """Whether a task is one of the crew's: CrewAI tells of delegated work too. A project's tasks show when they
        start."""
        return bool(name) and (name in self._indexes or not self._indexes)

    def _place(self, name: str) -> int:
        """The index of the next output of that name: the same one in every attempt, whatever runs side by side."""
        with self._lock:
            place = (label(name), self._completed[label(name)])
            self._completed[label(name)] += 1
            return self._places.setdefault(place, len(self._places))

    def _skipped_at(self, index: int, task: ReplayableTask) -> Skipped:
        def skipped(output: CrewOutput, compared: str) -> None:
            if index in self._done:
                return
            attempt = self._companions.execution.attempt
            self._keep(to_stored(output, index, task.name or "", attempt, TaskState.SKIPPED))
            self._recorder.skipped(task.name or "", output.agent or None, compared)

        return skipped

    def _keep(self, output: TaskOutput) -> None:
        """Raises an `Abort` when it cannot be stored: CrewAI would repeat an exception like a fault of the crew."""
        if output.index in self._done:
            return
        redactor, control = self._companions.redactor, self._companions.control
        texts = {name: redactor.text(getattr(output, name) or "") for name in ("raw", "description")}
        safe = {**texts, "json_dict": redactor.json(output.json_dict)}
        try:
            as_platform(self._save, output.model_copy(update=safe))
        except Exception as error:  # a boundary to CrewAI: raised again as the end of the attempt
            raise control.stop(error) from error
        self._done.add(output.index)
        control.task_finished(len(self._done))

    def _save(self, output: TaskOutput) -> None:
        """What is finished was paid for: a table that does not answer at once is asked again."""
        execution, usage = self._companions.execution, self._companions.gate.journal.usage()
        until_available(lambda: self._tasks.save_task_output(execution, output, usage=usage), WRITE_PATIENCE)


def _task_name(event: Any) -> str:
    return getattr(event, "task_name", None) or getattr(getattr(event, "task", None), "name", None) or ""


def _told(answer: Any) -> tuple[str, dict[str, Any] | None]:
    """The text of a flow's answer and, where it is an object, its JSON."""
    if isinstance(answer, CrewOutputs):
        return answer.raw, structured_of(answer)
    plain: Any = to_jsonable_python(answer, fallback=str, inf_nan_mode="strings")
    if isinstance(plain, str) or plain is None:
        return plain or "", None
    structured = cast("dict[str, Any]", plain) if isinstance(plain, dict) else None
    return json.dumps(plain, ensure_ascii=False), structured
