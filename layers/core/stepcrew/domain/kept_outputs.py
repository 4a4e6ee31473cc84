"""Outputs of crew tasks that a rerun begins with: taken over from the execution before, or written by a person."""

from __future__ import annotations

import json
from typing import Any, cast

from pydantic import JsonValue

from stepcrew.domain.definition import TaskDefinition
from stepcrew.domain.errors import Fault
from stepcrew.domain.execution import TaskOutput, TaskState
from stepcrew.domain.json_text import read_json
from stepcrew.domain.places import escape
from stepcrew.domain.structured_output import schema_mismatch


def pointer_of(task_name: str) -> str:
    return f"/task_outputs/{escape(task_name)}"


def taken_over(task: TaskDefinition, stored: TaskOutput | None) -> TaskOutput | Fault:
    """The stored output as the output of this task, which may have changed since; or why it cannot be. `stored` is
    whole."""
    if stored is None:
        told = f"The crew task {task.name} did not finish in that execution."
        return _fault(
            task, "missing", told, "Give its output in task_outputs, or begin with it, or with one before it."
        )
    if stored.state is TaskState.SKIPPED:
        return stored
    schema = _schema(task)
    if schema is None:
        return stored.model_copy(update={"json_dict": None, "output_format": "raw"})
    text = stored.raw if stored.json_dict is None else json.dumps(stored.json_dict, ensure_ascii=False)
    if detail := schema_mismatch(text, schema):
        told = f"The output of {task.name} in that execution does not fit the schema that the task has now: {detail}"
        return _fault(task, "schema", told, "Give another output in task_outputs, or begin with this task.")
    return _structured(task, stored, text).model_copy(update={"raw": stored.raw})


def written(task: TaskDefinition, index: int, value: JsonValue, stored: TaskOutput | None) -> TaskOutput | Fault:
    """What a person gave as the output of this task, or what is wrong with it. An object stands for its JSON text."""
    schema = _schema(task)
    if isinstance(value, dict) and schema is not None:
        text = json.dumps(value, ensure_ascii=False)
    elif isinstance(value, str):
        text = value
    else:
        wanted = "a text, or an object that fits the task's schema" if schema else "a text: the task has no schema"
        return _fault(task, "wrong_kind", f"The output of {task.name} must be {wanted}.", "Write the text itself.")
    if not text.strip():
        return _fault(task, "missing", f"The output of {task.name} cannot be empty.", "Write what the task answers.")
    if schema and (detail := schema_mismatch(text, schema)):
        told = f"The output of {task.name} has a schema, and this does not fit it: {detail}"
        return _fault(task, "schema", told, "Give JSON that fits the schema.")
    base = stored or TaskOutput(index=index, name=task.name)
    plain = {"raw": text, "json_dict": None, "output_format": "raw", "state": TaskState.COMPLETED, "edited": True}
    output = base.model_copy(update={**plain, "started_at": None, "ended_at": None})
    return output if schema is None else _structured(task, output, text)


def _schema(task: TaskDefinition) -> dict[str, Any] | None:
    return task.output_pydantic or task.output_json


def _structured(task: TaskDefinition, output: TaskOutput, text: str) -> TaskOutput:
    kind = "pydantic" if task.output_pydantic else "json"
    value = cast("dict[str, object]", read_json(text))
    return output.model_copy(update={"raw": text, "json_dict": value, "output_format": kind})


def _fault(task: TaskDefinition, code: str, detail: str, remedy: str) -> Fault:
    return Fault(pointer=pointer_of(task.name), code=code, detail=detail, remedy=remedy)
