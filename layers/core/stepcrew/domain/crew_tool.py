"""A stored crew as a tool that other programs' models can call."""

from __future__ import annotations

from typing import Any

from stepcrew.domain.parts import placeholders_of
from stepcrew.domain.stored_crew import StoredCrew
from stepcrew.domain.submission import Submission
from stepcrew.domain.text_bounds import beginning

MOST_DESCRIPTION = 1_000


def description_of(crew: StoredCrew, submission: Submission) -> str:
    """What its tasks do, in their own words: a model chooses by that."""
    tasks = [task.description.strip() for task in submission.definition.tasks]
    text = " Then: ".join(tasks) or f"Runs the {crew.kind} {crew.name}."
    return beginning(text, MOST_DESCRIPTION)


def input_schema(submission: Submission) -> dict[str, Any]:
    """JSON Schema of the crew's inputs: those that are not stored with it are required. Of a project only its stored
    inputs are known, so others may be given."""
    names = list(dict.fromkeys([*placeholders_of(submission), *submission.inputs]))
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: _property(name, submission) for name in names},
        "additionalProperties": submission.project is not None,
    }
    required = [name for name in names if name not in submission.inputs]
    return schema | ({"required": required} if required else {})


def _property(name: str, submission: Submission) -> dict[str, Any]:
    if name not in submission.inputs:
        return {}  # a value of any kind: the crew writes it into its texts
    return {"default": submission.inputs[name]}
