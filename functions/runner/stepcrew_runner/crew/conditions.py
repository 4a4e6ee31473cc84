"""Whether a conditional task runs: its condition on the output of the task before it, and what was compared."""

from __future__ import annotations

import json
from typing import Any, NamedTuple, cast

from crewai.tasks.task_output import TaskOutput as CrewOutput

from stepcrew.domain.definition import Condition
from stepcrew.domain.text_bounds import beginning
from stepcrew_runner.crew.structured import json_in, structured_of

MOST_CHARACTERS = 300
_TRUTH = {"true": True, "yes": True, "false": False, "no": False}


class Judgement(NamedTuple):
    """`compared` tells in a sentence what was compared with what."""

    holds: bool
    compared: str


def judge(condition: Condition, output: CrewOutput) -> Judgement:
    """Texts are compared without the spaces and line ends around them, numbers as numbers, and true and false also with
    the words for them. A field that the output does not have fulfils no condition but `not_contains`."""
    name, wanted = _test(condition)
    found, what = _found(condition, output)
    holds = _holds(name, wanted, found)
    return Judgement(holds, f"{what} is {_shown(found)}; the condition asks for {name} {_shown(wanted)}.")


class Missing:
    """In place of a field that the output does not have."""


def _test(condition: Condition) -> tuple[str, Any]:
    (name,) = condition.model_fields_set - {"field"}
    return name, getattr(condition, name)


def _found(condition: Condition, output: CrewOutput) -> tuple[Any, str]:
    of_task = f"the output of crew task {output.name or 'before it'}"
    if condition.field is None:
        return output.raw, of_task[0].upper() + of_task[1:]
    structured = structured_of(output)
    if structured is None:
        structured = json_in(output.raw)
    fields = cast("dict[str, Any]", structured) if isinstance(structured, dict) else {}
    return fields.get(condition.field, Missing()), f"The field {condition.field} of {of_task}"


def _holds(name: str, wanted: Any, found: Any) -> bool:
    if isinstance(found, Missing):
        return name == "not_contains"
    match name:
        case "contains":
            return wanted in _text(found)
        case "not_contains":
            return wanted not in _text(found)
        case "longer_than":
            return len(_text(found)) > wanted
        case "greater_than" | "less_than":
            number = _number(found)
            return number is not None and (number > wanted if name == "greater_than" else number < wanted)
        case _:
            return _equal(found, wanted)


def _equal(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, str):
        return _text(found).strip() == wanted.strip()
    if isinstance(found, str):
        # A model may write 5 or "5" in a field, and without a field the whole output is a text, perhaps in a fence.
        read = json_in(found)
        found = _TRUTH.get(found.strip().strip("\"'.").lower(), read) if isinstance(wanted, bool) else read
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    return _number(found) == wanted


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _shown(value: Any) -> str:
    if isinstance(value, Missing):
        return "not there"
    return beginning(json.dumps(value, ensure_ascii=False, default=str), MOST_CHARACTERS)
