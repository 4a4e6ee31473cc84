"""Writes what is posted to a callback."""

from __future__ import annotations

import json

from stepcrew.domain.announcement import Announcement
from stepcrew.domain.callback import CallbackTerms, StepData, TaskData
from stepcrew.domain.callback_bodies import Body, beginning_of, crew_body, step_body, task_body
from stepcrew.domain.errors import ExecutionNotFound
from stepcrew.services.ports import ExecutionStore, TaskOutputStore, TraceStore
from stepcrew.services.read_result import read_result

EVENTS_BEFORE = 25
"""How many events before a step are looked through for what led to it."""


class WriteCallback:
    """The queue holds references only, so the body is read when it is posted."""

    def __init__(self, executions: ExecutionStore, tasks: TaskOutputStore, traces: TraceStore, api_url: str) -> None:
        self._executions = executions
        self._tasks = tasks
        self._traces = traces
        self._api_url = api_url

    def __call__(self, terms: CallbackTerms, told: Announcement) -> str | None:
        """None when what is to be told is there no more."""
        match told.data:
            case TaskData():
                body = self._of_task(told.data)
            case StepData():
                body = self._of_step(told.data)
            case _:
                body = self._of_end(told.data.group_id, terms.execution_id)
        if body is None:
            return None
        meta = {} if terms.meta is None else {"meta": terms.meta}
        return json.dumps({**body, "kickoff_id": terms.execution_id, **meta})

    def _of_task(self, data: TaskData) -> Body | None:
        output = self._tasks.task_output(data.group_id, data.execution_id, data.task, whole=False)
        return output and task_body(output, self._address(data.execution_id, f"tasks/{data.task}/output"))

    def _of_step(self, data: StepData) -> Body | None:
        after = (data.attempt, max(0, data.sequence - EVENTS_BEFORE - 1))
        found = self._traces.events(data.group_id, data.execution_id, after=after, limit=EVENTS_BEFORE + 1)
        step = next((one for one in found if one.sequence == data.sequence), None)
        if step is None:
            return None
        before = [one for one in found if one.sequence < data.sequence]
        beginning = beginning_of(step)
        if beginning is not None and beginning <= after[1]:
            early = self._traces.event(data.group_id, data.execution_id, data.attempt, beginning)
            before = [*([early] if early else []), *before]
        address = self._address(data.execution_id, f"traces/{data.attempt}.{data.sequence}/output")
        return step_body(step, before, address)

    def _of_end(self, group_id: str, execution_id: str) -> Body | None:
        try:
            found = read_result(self._executions, self._tasks, group_id, execution_id)
        except ExecutionNotFound:
            return None
        last = found.answer.index if found.answer else 0
        return crew_body(found.execution, found.answer, self._address(execution_id, f"tasks/{last}/output"))

    def _address(self, execution_id: str, rest: str) -> str:
        return f"{self._api_url}/api/v1/executions/{execution_id}/{rest}"
