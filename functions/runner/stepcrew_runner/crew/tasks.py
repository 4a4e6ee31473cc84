"""Crew tasks that can answer with a stored output: a finished task is never run again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from crewai import Task
from crewai.tasks.conditional_task import ConditionalTask
from crewai.tasks.output_format import OutputFormat
from crewai.tasks.task_output import TaskOutput as CrewOutput
from pydantic import PrivateAttr

from stepcrew.domain.definition import Condition
from stepcrew.domain.event_size import label
from stepcrew.domain.execution import TaskOutput, TaskState
from stepcrew_runner.crew.conditions import judge
from stepcrew_runner.crew.seams import ScopedTask
from stepcrew_runner.crew.structured import read_leniently, structured_of


class ReplayableTask(ScopedTask):
    """CrewAI's task. After `replay` every way of executing it answers the stored output."""

    _stored: CrewOutput | None = PrivateAttr(default=None)

    def model_post_init(self, context: Any, /) -> None:
        super().model_post_init(context)
        for model in (self.output_pydantic, self.output_json, self.response_model):
            if isinstance(model, type):
                read_leniently(model)

    def replay(self, output: CrewOutput) -> None:
        self._stored = output
        self.output = output  # other tasks take their context from here

    @property
    def is_replayed(self) -> bool:
        return self._stored is not None

    def execute_sync(self, agent: Any = None, context: Any = None, tools: Any = None) -> CrewOutput:
        return self._stored or super().execute_sync(agent, context, tools)

    def execute_async(self, agent: Any = None, context: Any = None, tools: Any = None) -> Future[CrewOutput]:
        if self._stored is None:
            return super().execute_async(agent, context, tools)
        done: Future[CrewOutput] = Future()
        done.set_result(self._stored)
        return done

    async def aexecute_sync(self, agent: Any = None, context: Any = None, tools: Any = None) -> CrewOutput:
        return self._stored or await super().aexecute_sync(agent, context, tools)


Skipped = Callable[[CrewOutput, str], None]
"""Told the empty output and, in a sentence, what was compared with what."""


class ReplayableConditionalTask(ReplayableTask, ConditionalTask):
    """The decision is replayed too, never judged again."""

    _runs_when: Condition | None = PrivateAttr(default=None)
    _compared: str = PrivateAttr(default="")
    _on_skip: Skipped | None = PrivateAttr(default=None)

    def runs_when(self, condition: Condition) -> None:
        self._runs_when = condition

    def should_execute(self, context: CrewOutput) -> bool:
        if self.is_replayed or self._runs_when is None:
            return True
        judged = judge(self._runs_when, context)
        self._compared = judged.compared
        return judged.holds

    def get_skipped_task_output(self) -> CrewOutput:
        output = super().get_skipped_task_output()
        output.name = self.name
        self.output = output  # CrewAI leaves it unset, and a later context would miss it
        if self._on_skip:
            self._on_skip(output, self._compared)
        return output

    def when_skipped(self, call: Skipped) -> None:
        self._on_skip = call


def to_stored(output: CrewOutput, index: int, name: str, attempt: int, state: TaskState) -> TaskOutput:
    """What is kept of CrewAI's output: never its messages."""
    return TaskOutput(
        index=index,
        name=name,
        agent_role=label(output.agent) if output.agent else None,
        state=state,
        description=output.description,
        expected_output=output.expected_output,
        raw=output.raw,
        json_dict=structured_of(output),
        output_format=output.output_format.value.lower(),
        attempt=attempt,
    )


def from_stored(stored: TaskOutput, task: Task) -> CrewOutput:
    """CrewAI's output again; structured ones are validated into the task's own class."""
    output = CrewOutput(
        name=stored.name,
        description=stored.description,
        expected_output=stored.expected_output,
        raw=stored.raw,
        agent=stored.agent_role or "",
        output_format=OutputFormat(stored.output_format),
    )
    if stored.json_dict is not None:
        model = task.output_pydantic
        if isinstance(model, type):
            output.pydantic = model.model_validate(stored.json_dict)
        else:
            output.json_dict = stored.json_dict
    return output
