"""From a submitted document to a checked crew definition, or every fault in it, each with its JSON pointer.

Three shapes are read: ours (`agents`, `tasks`), CrewAI's two files as objects or YAML text (`agents_yaml`,
`tasks_yaml`), and the older request that carries run settings inside `inputs`.
"""

from __future__ import annotations

import difflib
from typing import Any, NamedTuple, cast

from pydantic import ValidationError

from stepcrew.domain.definition import (
    AgentDefinition,
    CrewDefinition,
    McpServer,
    ModelSettings,
    Part,
    PlanningConfig,
    TaskDefinition,
)
from stepcrew.domain.errors import Fault, InvalidRequest
from stepcrew.domain.yaml_text import read_yaml

MAX_FAULTS = 100
RUN_SETTINGS = ("process", "manager_llm", "manager_agent", "planning", "planning_llm", "reasoning")
"""Settings that the older request carries inside `inputs`."""
_ACCEPTED_ANYWAY = {"execution_type": ("crew",)}
_SETTABLE: dict[type[Part], str] = {CrewDefinition: "a crew", AgentDefinition: "an agent", TaskDefinition: "a task"}

_NESTED_REFUSED = ModelSettings.REFUSED | McpServer.REFUSED | PlanningConfig.REFUSED

Path = tuple[str, ...]


class ParsedCrew(NamedTuple):
    """`places` finds where a part of the definition stood in the request."""

    definition: CrewDefinition
    inputs: dict[str, Any]
    places: Places


class Places:
    """Where the parts of a definition stand in the request: pointers, and lines where YAML text was given."""

    def __init__(self) -> None:
        self._roots: dict[str, str] = {"agents": "/config/agents", "tasks": "/config/tasks"}
        self._lines: dict[str, dict[Path, int]] = {}
        self._tasks: list[str] = []
        self.inputs: dict[str, str] = {}
        """The pointer of each input."""

    def move(self, field: str, pointer: str) -> None:
        """A field of the crew that was given somewhere else."""
        self._roots[field] = pointer

    def put(self, part: str, field: str, lines: dict[Path, int] | None, names: list[str] | None) -> None:
        self._roots[part] = f"/config/{field}"
        if lines is not None:
            self._lines[part] = lines
        if names is not None:
            self._tasks = names

    def fault(self, path: Path, code: str, detail: str, remedy: str = "") -> Fault:
        part, rest = path[0] if path else "", path[1:]
        if part == "tasks" and self._tasks and rest and rest[0].isdigit():
            rest = (self._tasks[int(rest[0])], *rest[1:])
        root = self._roots.get(part, f"/config/{escape(part)}" if part else "/config")
        pointer = "/".join([root, *(escape(step) for step in rest)])
        lines = self._lines.get(part, {})
        line = next((lines[rest[:n]] for n in range(len(rest), -1, -1) if rest[:n] in lines), None)
        return Fault(pointer=pointer, code=code, detail=detail, remedy=remedy, line=line)


def escape(step: str) -> str:
    """One step of an RFC 6901 JSON pointer."""
    return step.replace("~", "~0").replace("/", "~1")


def parse_crew(config: dict[str, Any], inputs: dict[str, Any] | None = None) -> ParsedCrew:
    """Raises `InvalidRequest` with all faults of form. References between the parts are checked in `references`."""
    places, faults = Places(), list[Fault]()
    document = dict(config)
    merged = _inputs(document, inputs, places, faults)
    for part in ("agents", "tasks"):
        document[part] = _part(document, part, places, faults)
    for name, accepted in _ACCEPTED_ANYWAY.items():
        value = document.pop(name, None)
        if value not in (None, *accepted):
            faults.append(places.fault((name,), "refused", f"{name} {value!r} is not available."))
    _settings_in_inputs(document, merged, places)
    if not faults:
        _check_fields(document, places, faults)
    if faults:
        raise _invalid(faults)
    try:
        return ParsedCrew(CrewDefinition.model_validate(document), merged, places)
    except ValidationError as error:
        found = [_from_pydantic(detail, document, places) for detail in error.errors()]
        raise _invalid(_one_per_place(found)) from error


def _invalid(faults: list[Fault]) -> InvalidRequest:
    count = len(faults)
    told = f"The crew has {count} fault{'s' if count > 1 else ''}: {faults[0].detail}"
    return InvalidRequest(told, faults[:MAX_FAULTS])


def _inputs(
    document: dict[str, Any], given: dict[str, Any] | None, places: Places, faults: list[Fault]
) -> dict[str, Any]:
    inside = document.pop("inputs", None)
    if inside is not None and not isinstance(inside, dict):
        faults.append(Fault(pointer="/config/inputs", code="type", detail="inputs must be an object."))
        inside = None
    merged: dict[str, Any] = {}
    for pointer, values in (("/config/inputs", cast("dict[str, Any]", inside or {})), ("/inputs", given or {})):
        merged |= values
        places.inputs |= {name: f"{pointer}/{escape(name)}" for name in values}
    return merged


def _settings_in_inputs(document: dict[str, Any], inputs: dict[str, Any], places: Places) -> None:
    for name in RUN_SETTINGS:
        if name in inputs and f"{{{name}}}" not in str(document):
            value = inputs.pop(name)
            if value not in (None, "") and document.get(name) is None:
                document[name] = value
                places.move(name, places.inputs[name])


def _part(document: dict[str, Any], part: str, places: Places, faults: list[Fault]) -> Any:
    """The agents as a mapping or the tasks as a list, from whichever field they were given in."""
    twin = f"{part}_yaml"
    field = twin if document.get(twin) is not None else part
    if field == twin and document.get(part) is not None:
        faults.append(Fault(pointer=f"/config/{twin}", code="ambiguous", detail=f"Give {part} or {twin}, not both."))
    value, lines = document.get(field), None
    document.pop(twin, None)
    document.pop(part, None)
    pointer = f"/config/{field}"
    if isinstance(value, str):
        text = read_yaml(value, pointer)
        faults += text.faults
        value, lines = text.value, text.lines
        if text.faults:
            return None
    if not value:
        faults.append(Fault(pointer=pointer, code="empty", detail=f"The crew has no {part}.", remedy=f"Add {part}."))
        return None
    if part == "agents" and isinstance(value, list):
        value = _by_name(cast("list[Any]", value), pointer, faults)
    names = None
    if part == "tasks" and isinstance(value, dict):
        mapping = cast("dict[Any, Any]", value)
        names = [str(name) for name in mapping]
        value = [_named(str(name), entry) for name, entry in mapping.items()]
    wanted = dict if part == "agents" else list
    if not isinstance(value, wanted):
        faults.append(Fault(pointer=pointer, code="type", detail=f"{part} must be an object or YAML text."))
        return None
    places.put(part, field, lines, names)
    if part == "agents":
        return {str(name): entry for name, entry in cast("dict[Any, Any]", value).items()}
    return [_named(f"task_{number}", entry) for number, entry in enumerate(cast("list[Any]", value), 1)]


def _named(name: str, entry: Any) -> Any:
    """The entry with its own name, or this one; what is no object is told as a fault later."""
    return {"name": name, **cast("dict[str, Any]", entry)} if isinstance(entry, dict) else entry


def _by_name(entries: list[Any], pointer: str, faults: list[Fault]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, raw in enumerate(entries):
        entry = _entry(raw)
        name = str(entry.pop("name", "") or entry.get("role", ""))
        if not name or name in found:
            detail = f"Agent {name!r} stands twice." if name else "The agent has no name."
            faults.append(Fault(pointer=f"{pointer}/{number}", code="agent_name", detail=detail))
        found[name] = entry
    return found


def _entry(raw: Any) -> dict[str, Any]:
    return dict(cast("dict[str, Any]", raw)) if isinstance(raw, dict) else {}


def _check_fields(document: dict[str, Any], places: Places, faults: list[Fault]) -> None:
    _check(CrewDefinition, document, (), places, faults)
    agents = cast("dict[str, Any]", document["agents"])
    tasks = cast("list[Any]", document["tasks"])
    for name, agent in agents.items():
        agents[name] = _checked(AgentDefinition, agent, ("agents", name), places, faults)
    for index, task in enumerate(tasks):
        tasks[index] = _checked(TaskDefinition, task, ("tasks", str(index)), places, faults)


def _checked(part: type[Part], raw: Any, path: Path, places: Places, faults: list[Fault]) -> Any:
    if not isinstance(raw, dict):
        faults.append(places.fault(path, "type", f"The definition of {_SETTABLE[part]} must be an object."))
        return raw
    entry = {str(key): value for key, value in cast("dict[Any, Any]", raw).items()}
    _check(part, entry, path, places, faults)
    return entry


def _check(part: type[Part], entry: dict[str, Any], path: Path, places: Places, faults: list[Fault]) -> None:
    """Refused fields that ask for something, and unknown ones; refused fields that ask for nothing are dropped."""
    known = list(part.model_fields)
    for field in list(entry):
        value = entry[field]
        if field in known:
            if value is None:
                del entry[field]  # null asks for the default
        elif field in part.REFUSED:
            if value in (None, False, "", [], {}):
                del entry[field]
            else:
                detail = f"{field} cannot be set: {part.REFUSED[field] or 'it is not available'}."
                faults.append(places.fault((*path, field), "refused", detail, f"Remove {field}."))
        else:
            near = difflib.get_close_matches(field, known, 1)
            remedy = f"Did you mean {near[0]}?" if near else "Remove it."
            detail = f"{field} does not belong into the definition of {_SETTABLE[part]}."
            faults.append(places.fault((*path, field), "unknown_field", detail, remedy))


def _from_pydantic(detail: Any, document: dict[str, Any], places: Places) -> Fault:
    path = tuple(str(step) for step in detail["loc"])
    name = path[-1] if path else "config"
    kind = str(detail["type"])
    if kind == "missing":
        return places.fault(path[:-1], "missing", f"{name} is missing.", f"Add {name}.")
    if kind == "extra_forbidden":
        reason = _NESTED_REFUSED.get(name)
        if reason is not None:
            told = f"{name} cannot be set: {reason or 'it is not available'}."
            return places.fault(path, "refused", told, f"Remove {name}.")
        return places.fault(path, "unknown_field", f"{name} is not a known field.", "Remove it.")
    path = in_document(path, document)
    name = path[-1] if path else "config"
    message = str(detail["msg"]).removeprefix("Value error, ")
    return places.fault(path, kind, f"{name}: {message[:1].lower()}{message[1:]}.")


def in_document(path: Path, document: dict[str, Any]) -> Path:
    """Without the steps that pydantic adds for its own types (members of a union, keys of a mapping)."""
    kept: list[str] = []
    here: Any = document
    for step in path:
        if isinstance(here, dict) and step in here:
            here = cast("dict[str, Any]", here)[step]
        elif isinstance(here, list) and step.isdecimal() and int(step) < len(cast("list[Any]", here)):
            here = cast("list[Any]", here)[int(step)]
        else:
            continue
        kept.append(step)
    return tuple(kept)


def _one_per_place(faults: list[Fault]) -> list[Fault]:
    """A value that fits no member of a union is one fault, not one for each member."""
    return list({fault.pointer: fault for fault in reversed(faults)}.values())[::-1]
