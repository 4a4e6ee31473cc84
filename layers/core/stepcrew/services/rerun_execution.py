"""Runs an ended execution again, as a new one: from its beginning, or from one crew task on, with the outputs before
it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple

from pydantic import JsonValue

from stepcrew.domain.canonical import canonical_json, digest
from stepcrew.domain.definition import CrewDefinition, TaskDefinition
from stepcrew.domain.errors import Conflict, ExecutionExpired, Fault, InvalidRequest
from stepcrew.domain.execution import Execution, TaskOutput
from stepcrew.domain.faults import Faults
from stepcrew.domain.kept_outputs import pointer_of, taken_over, written
from stepcrew.domain.references import told_of_request
from stepcrew.domain.submission import Submission
from stepcrew.domain.suggestions import suggest
from stepcrew.services.ports import Clock, ExecutionStore, TaskOutputStore
from stepcrew.services.submit_execution import (
    Accepted,
    CrewSubmission,
    Prepared,
    SubmitExecution,
    hash_of,
)

SOURCE = "rerun"


class Rerun(NamedTuple):
    """What to run again. `changes` are laid over the execution: its config, inputs (one by one), name and limits where
    they are given. `task_outputs` stand in for the outputs of tasks before `from_task`: texts, or objects where the
    task's output has a schema."""

    execution_id: str
    changes: CrewSubmission
    from_task: str | None = None
    task_outputs: Mapping[str, JsonValue] = {}


class RerunExecution:
    """May be repeated with an idempotency key, as a submission may be.

    Raises, beside what a submission raises, `ExecutionNotFound`, `Conflict` while the execution is open, and
    `ExecutionExpired`.
    """

    def __init__(
        self,
        submit: SubmitExecution,
        executions: ExecutionStore,
        tasks: TaskOutputStore,
        clock: Clock,
        retention_days: int,
    ) -> None:
        self._submit = submit
        self._executions = executions
        self._tasks = tasks
        self._clock = clock
        self._retention = timedelta(days=retention_days)

    def __call__(self, rerun: Rerun) -> Accepted:
        body = [hash_of(rerun.changes), rerun.execution_id, rerun.from_task, dict(rerun.task_outputs)]
        body_hash = digest(canonical_json(body, sort_keys=True))
        return self._submit.accept(rerun.changes, body_hash, lambda: self._prepare(rerun))

    def _prepare(self, rerun: Rerun) -> Prepared:
        source = self._source(rerun)
        before = self._executions.submission(source.group_id, source.execution_id)
        changed = rerun.changes.config is not None
        if before.project and not changed:
            _check_whole(rerun)
        try:
            made = self._submit.prepare(_laid_over(source, before, rerun.changes))
        except InvalidRequest as error:
            faults = error.faults if changed else [told_of_request(one, "") for one in error.faults]
            raise InvalidRequest(error.message, faults) from error
        stored = self._tasks.task_outputs(source.group_id, source.execution_id, whole=False)
        places = {output.name: output.index for output in stored}
        kept = self._kept(made.submission.definition, rerun, places)
        progress = made.execution.progress.model_copy(update={"tasks_done": len(kept)})
        links = {
            "source": SOURCE,
            "rerun_of": rerun.execution_id,
            "rerun_from": rerun.from_task,
            "webhooks": source.webhooks,
        }
        crew = None if changed else source.crew
        execution = made.execution.model_copy(update={**links, "crew": crew, "progress": progress})

        def keep() -> None:
            for index, task in enumerate(kept):
                output = self._output(rerun, index, task, places)
                if isinstance(output, Fault):  # it was deleted meanwhile
                    raise InvalidRequest.of([output])
                self._tasks.keep_task_output(execution, output)

        return Prepared(execution, made.submission, keep)

    def _source(self, rerun: Rerun) -> Execution:
        source = self._executions.get(rerun.changes.group_id, rerun.execution_id)
        if not source.status.is_terminal:
            remedy = "Wait until it has ended, or cancel it first."
            raise Conflict(f"The execution is still {source.status}; only an ended one is run again.", remedy=remedy)
        if self._clock.now() >= source.created_at + self._retention:
            raise ExecutionExpired(f"The execution {rerun.execution_id} has expired.")
        return source

    def _kept(self, crew: CrewDefinition, rerun: Rerun, places: Mapping[str, int]) -> list[TaskDefinition]:
        """The tasks whose outputs are kept. Raises `InvalidRequest` with every fault of `from_task` and
        `task_outputs`."""
        faults = Faults()
        names = [task.name for task in crew.tasks]
        if rerun.from_task is None:
            if rerun.task_outputs:
                told, remedy = "task_outputs are kept only where from_task says what is run again.", "Add from_task."
                faults.add(Fault(pointer="/task_outputs", code="unfitting", detail=told, remedy=remedy))
                raise faults.error("The rerun")
            return []
        if rerun.from_task not in names:
            told, remedy = f"The crew has no task {rerun.from_task}.", suggest(rerun.from_task, names)
            faults.add(Fault(pointer="/from_task", code="unknown_task", detail=told, remedy=remedy))
            raise faults.error("The rerun")
        kept = crew.tasks[: names.index(rerun.from_task)]
        known = names[: len(kept)]
        for name in [name for name in rerun.task_outputs if name not in known][:50]:
            told = f"{name} is no task before {rerun.from_task}, so its output cannot be kept."
            faults.add(Fault(pointer=pointer_of(name), code="unknown_task", detail=told, remedy=suggest(name, known)))
        found = [self._output(rerun, index, task, places) for index, task in enumerate(kept)]
        faults.add_all(one for one in found if isinstance(one, Fault))
        if faults:
            raise faults.error("The rerun")
        return kept

    def _output(self, rerun: Rerun, index: int, task: TaskDefinition, places: Mapping[str, int]) -> TaskOutput | Fault:
        """The output this task begins with. `places` are the indexes of the stored ones, by task; each is read when it
        is needed, because all of them together may be large."""
        place, group_id = places.get(task.name), rerun.changes.group_id
        stored = None if place is None else self._tasks.task_output(group_id, rerun.execution_id, place)
        if task.name in rerun.task_outputs:
            output = written(task, index, rerun.task_outputs[task.name], stored)
        else:
            output = taken_over(task, stored)
        if isinstance(output, Fault):
            return output
        return output.model_copy(update={"index": index, "attempt": 0, "kept_from": rerun.execution_id})


def _laid_over(source: Execution, before: Submission, changes: CrewSubmission) -> CrewSubmission:
    changed = changes.config is not None
    return changes._replace(
        config=changes.config or before.config,
        project=before if before.project and not changed else None,
        inputs={**before.inputs, **(changes.inputs or {})},
        name=changes.name or (None if changed else source.name),
        limits=changes.limits or source.first_limits or source.limits,
    )


def _check_whole(rerun: Rerun) -> None:
    """Raises `InvalidRequest` where a part of a project is asked for: which of its tasks come before another one, only
    its code knows."""
    asked = [("/from_task", rerun.from_task), ("/task_outputs", rerun.task_outputs)]
    told, remedy = "A project is run again from its beginning.", "Leave it out."
    faults = [Fault(pointer=where, code="unfitting", detail=told, remedy=remedy) for where, value in asked if value]
    if faults:
        raise InvalidRequest("The rerun was not accepted.", faults)
