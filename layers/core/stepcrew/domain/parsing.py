"""From a submitted document to a crew definition, with every fault of form in it, each with its JSON pointer.

Three shapes are read: ours (`agents`, `tasks`), CrewAI's two files as objects or YAML text (`agents_yaml`,
`tasks_yaml`), and the older request that carries run settings inside its `inputs`. What cannot be read is a fault, and
a default stands in for it, so that the rest can be checked too: a document with five mistakes has five faults.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar, cast

from pydantic import ValidationError

from stepcrew.domain.definition import (
    MAX_AGENTS,
    MAX_NAME,
    MAX_TASKS,
    AgentDefinition,
    CrewDefinition,
    McpServer,
    ModelSettings,
    Part,
    PlanningConfig,
    TaskDefinition,
)
from stepcrew.domain.errors import Fault
from stepcrew.domain.faults import EnoughFaults, Faults, remedy_for
from stepcrew.domain.knowledge_settings import KnowledgeSource
from stepcrew.domain.memory_settings import MemorySettings
from stepcrew.domain.places import Path, Places, escape, in_document
from stepcrew.domain.suggestions import near_names
from stepcrew.domain.yaml_text import read_yaml

RUN_SETTINGS = ("process", "manager_llm", "manager_agent", "planning", "planning_llm", "reasoning")
"""Settings that the older request carries inside `inputs`."""
_ACCEPTED_ANYWAY = {"execution_type": ("crew",)}
_SETTABLE: dict[type[Part], str] = {CrewDefinition: "a crew", AgentDefinition: "an agent", TaskDefinition: "a task"}
_NESTED_REFUSED = (
    ModelSettings.REFUSED
    | McpServer.REFUSED
    | PlanningConfig.REFUSED
    | MemorySettings.REFUSED
    | KnowledgeSource.REFUSED
)
_STAND_INS = dict.fromkeys(("role", "goal", "backstory", "name", "description", "expected_output"), "-")

AnyPart = TypeVar("AnyPart", bound=Part)


class ParsedCrew(NamedTuple):
    """The crew as far as it could be read. `places` finds where a part of the definition stood in the request;
    `unread` are the paths where a default stands for what is faulty."""

    definition: CrewDefinition
    inputs: dict[str, Any]
    places: Places
    faults: Faults
    unread: set[Path]
    flow: dict[str, Any] | None = None
    """The document, where it is a declarative flow; `definition` is then an outline of its crews."""


def parse_crew(config: dict[str, Any], inputs: dict[str, Any] | None = None) -> ParsedCrew:
    """Raises `InvalidRequest` with all faults of form. References between the parts are checked in `references`."""
    faults = Faults()
    parsed = None
    try:
        parsed = read_crew(config, inputs, faults)
    except EnoughFaults as error:
        raise faults.error("The crew") from error
    if faults:
        raise faults.error("The crew")
    return parsed


def read_crew(config: dict[str, Any], inputs: dict[str, Any] | None, faults: Faults) -> ParsedCrew:
    """Adds the faults of form to `faults` and goes on; raises `EnoughFaults` when there are too many."""
    return _Reader(config, inputs, faults).read()


class _Reader:
    def __init__(self, config: dict[str, Any], inputs: dict[str, Any] | None, faults: Faults) -> None:
        self._document = dict(config)
        self._given = inputs or {}
        self._faults = faults
        self._places = Places()
        self._unread: set[Path] = set()

    def read(self) -> ParsedCrew:
        is_older = any(self._document.get(f"{part}_yaml") is not None for part in ("agents", "tasks"))
        inputs = self._inputs(is_older)
        agents, tasks = self._part("agents"), self._part("tasks")
        for name, accepted in _ACCEPTED_ANYWAY.items():
            value = self._document.pop(name, None)
            if value not in (None, *accepted):
                detail = f"{name} {str(value)[:100]!r} is not available."
                self._add((name,), "refused", detail, f"Write {accepted[0]}.")
        self._take_memory_backend()
        stand_ins = {"agents": {"-": AgentDefinition(**_of(AgentDefinition))}, "tasks": [_task("-")]}
        crew = self._checked(CrewDefinition, {**self._document, **stand_ins}, ())
        read_agents = {name: self._checked(AgentDefinition, entry, ("agents", name)) for name, entry in agents.items()}
        read_tasks = [
            self._checked(TaskDefinition, entry, ("tasks", str(index)), name=f"task_{index + 1}")
            for index, entry in enumerate(tasks)
        ]
        if ("agents",) in self._unread:
            named = {task.agent for task in read_tasks if task.agent} | {crew.manager_agent or "-", "another"}
            read_agents = {name: AgentDefinition(**_of(AgentDefinition)) for name in named}
        if ("tasks",) in self._unread:
            read_tasks = [_task(next(filter(_is_name, read_agents), "-"))]
        whole = crew.model_copy(update={"agents": read_agents, "tasks": read_tasks})
        return ParsedCrew(whole, inputs, self._places, self._faults, self._unread)

    def _add(self, path: Path, code: str, detail: str, remedy: str = "") -> None:
        self._faults.add(self._places.fault(path, code, detail, remedy))

    def _inputs(self, is_older: bool) -> dict[str, Any]:
        """What was given for placeholders; null means not given."""
        inside = self._document.pop("inputs", None)
        if inside is not None and not isinstance(inside, dict):
            self._fault("/config/inputs", "type", "inputs must be an object.", remedy_for("dict_type", None))
            inside = None
        found = dict(cast("dict[str, Any]", inside or {}))
        if is_older:
            self._take_settings(found)
        merged: dict[str, Any] = {}
        for pointer, values in (("/config/inputs", found), ("/inputs", self._given)):
            merged |= values
            self._places.inputs |= {name: f"{pointer}/{escape(name)}" for name in values}
        return {name: value for name, value in merged.items() if value is not None}

    def _take_settings(self, inputs: dict[str, Any]) -> None:
        """Only the older request has them there, and there a name that a text uses is an input."""
        texts = str(self._document) if any(name in inputs for name in RUN_SETTINGS) else ""
        for name in RUN_SETTINGS:
            if name in inputs and f"{{{name}}}" not in texts:
                value = inputs.pop(name)
                if value not in (None, "") and self._document.get(name) is None:
                    self._document[name] = value
                    self._places.move(name, f"/config/inputs/{name}")

    def _take_memory_backend(self) -> None:
        """The older way to ask for the platform's own memory. Any other backend stays where it is, to be refused."""
        given: Any = self._document.get("memory_backend")
        backend = cast("dict[str, Any]", given) if isinstance(given, dict) else {}
        switches = {name: on for name, on in backend.items() if name.startswith("enable_")}
        if backend.get("backend_type") == "default" and set(backend) == {"backend_type", *switches}:
            del self._document["memory_backend"]
            if self._document.get("memory") is None and (not switches or any(on is True for on in switches.values())):
                self._document["memory"] = True
                self._places.move("memory", "/config/memory_backend")

    def _part(self, part: str) -> Any:
        """The agents as a mapping or the tasks as a list, from whichever field they were given in; empty, and unread,
        when they cannot be read at all."""
        read = self._given_part(part)
        if read is None:
            self._unread.add((part,))
            return {} if part == "agents" else []
        return read

    def _given_part(self, part: str) -> Any:
        twin = f"{part}_yaml"
        field = twin if self._document.get(twin) is not None else part
        pointer = f"/config/{field}"
        if field == twin and self._document.get(part) is not None:
            self._fault(pointer, "ambiguous", f"Give {part} or {twin}, not both.", "Remove one of them.")
        value, lines = self._document.get(field), None
        self._document.pop(twin, None)
        self._document.pop(part, None)
        if isinstance(value, str):
            text = read_yaml(value, pointer)
            self._faults.add_all(text.faults)
            value, lines = text.value, text.lines
            if value is None:
                return None
        if not value:
            return self._fault(pointer, "empty", f"The crew has no {part}.", f"Add {part}.")
        if part == "agents" and isinstance(value, list):
            value = self._by_name(cast("list[Any]", value), pointer)
        names = None
        if part == "tasks" and isinstance(value, dict):
            mapping = cast("dict[Any, Any]", value)
            names = [str(name) for name in mapping]
            value = [_named(str(name), entry) for name, entry in mapping.items()]
        if not isinstance(value, dict if part == "agents" else list):
            detail = f"{part} must be an object or YAML text."
            return self._fault(pointer, "type", detail, f"Write the {part} as an object, each under its name.")
        self._places.put(part, field, lines, names)
        entries = cast("dict[Any, Any] | list[Any]", value)
        most = MAX_AGENTS if part == "agents" else MAX_TASKS
        if len(entries) > most:
            detail = f"The crew has {len(entries)} {part}; it may have {most}."
            return self._fault(pointer, "too_long", detail, f"Give at most {most}.")
        if isinstance(entries, dict):
            return {str(name): entry for name, entry in entries.items()}
        return [_named(f"task_{number}", entry) for number, entry in enumerate(entries, 1)]

    def _fault(self, pointer: str, code: str, detail: str, remedy: str) -> None:
        self._faults.add(Fault(pointer=pointer, code=code, detail=detail, remedy=remedy))

    def _by_name(self, entries: list[Any], pointer: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for number, raw in enumerate(entries):
            entry = dict(cast("dict[str, Any]", raw)) if isinstance(raw, dict) else {}
            name = str(entry.pop("name", "") or entry.get("role", ""))
            if not name or name in found:
                detail = f"Agent {name[:MAX_NAME]!r} stands twice." if name else "The agent has no name."
                self._fault(f"{pointer}/{number}", "agent_name", detail, "Give each agent a name of its own.")
            found[name] = entry
        return found

    def _checked(self, part: type[AnyPart], raw: Any, path: Path, **stand_ins: str) -> AnyPart:
        """The part, with defaults for what is faulty in it."""
        if not isinstance(raw, dict):
            detail = f"The definition of {_SETTABLE[part]} must be an object."
            self._add(path, "type", detail, remedy_for("dict_type", None))
            self._unread.add(path)
            return part(**(_of(part) | stand_ins))
        entry = {str(key): value for key, value in cast("dict[Any, Any]", raw).items()}
        if path[:1] == ("agents",) and not _is_name(path[1]):
            kind = "string_too_long" if path[1] else "string_too_short"
            self._add(path, kind, f"The name of an agent has 1 to {MAX_NAME} characters.", "Give it another name.")
        self._check_fields(part, entry, path)
        try:
            return part.model_validate(entry)
        except ValidationError as error:
            broken: set[str] = set()
            told: set[str] = set()
            for detail in error.errors(include_url=False, include_input=False):
                broken.add(str(detail["loc"][0]))
                fault = self._from_pydantic(detail, entry, path)
                # A value that fits no member of a union is one fault, not one for each member.
                if fault.code == "missing" or fault.pointer not in told:
                    self._faults.add(fault)
                    told.add(fault.pointer)
        self._unread |= {(*path, field) for field in broken}
        sound = {field: value for field, value in entry.items() if field not in broken}
        return part.model_validate({**_of(part), **stand_ins, **sound})

    def _check_fields(self, part: type[Part], entry: dict[str, Any], path: Path) -> None:
        """Refused fields that ask for something and unknown ones are faults; all of them are dropped."""
        known = list(part.model_fields)
        for field in list(entry):
            if field in known:
                if entry[field] is None:
                    del entry[field]  # null asks for the default
                continue
            value = entry.pop(field)
            if field in part.REFUSED:
                if value not in (None, False, "", [], {}):
                    detail = f"{field} cannot be set: {part.REFUSED[field] or 'it is not available'}."
                    self._add((*path, field), "refused", detail, f"Remove {field}.")
                continue
            near = near_names(field, known, 1)
            remedy = f"Did you mean {near[0]}?" if near else "Remove it."
            detail = f"{field[:MAX_NAME]} does not belong into the definition of {_SETTABLE[part]}."
            self._add((*path, field), "unknown_field", detail, remedy)

    def _from_pydantic(self, detail: Any, entry: dict[str, Any], path: Path) -> Fault:
        where = tuple(str(step) for step in detail["loc"])
        kind = str(detail["type"])
        if kind == "missing":
            name = where[-1]
            return self._places.fault((*path, *where[:-1]), "missing", f"{name} is missing.", f"Add {name}.")
        if kind == "extra_forbidden":
            name = where[-1]
            reason = _NESTED_REFUSED.get(name)
            if reason is not None:
                told = f"{name} cannot be set: {reason or 'it is not available'}."
                return self._places.fault((*path, *where), "refused", told, f"Remove {name}.")
            return self._places.fault((*path, *where), "unknown_field", f"{name} is not a known field.", "Remove it.")
        where = in_document(where, entry)
        name = (*path, *where)[-1] if (*path, *where) else "config"
        message = str(detail["msg"]).removeprefix("Value error, ")
        told = f"{name}: {message[:1].lower()}{message[1:]}."
        return self._places.fault((*path, *where), kind, told, remedy_for(kind, detail.get("ctx")))


def _named(name: str, entry: Any) -> Any:
    """The entry with its own name, or this one; what is no object is told as a fault later."""
    return {"name": name, **cast("dict[str, Any]", entry)} if isinstance(entry, dict) else entry


def _of(part: type[Part]) -> dict[str, Any]:
    """The fields without which the part cannot be made."""
    return {
        name: value for name, value in _STAND_INS.items() if name in part.model_fields and part is not CrewDefinition
    }


def _is_name(text: str) -> bool:
    return 1 <= len(text) <= MAX_NAME


def _task(agent: str) -> TaskDefinition:
    return TaskDefinition(**_of(TaskDefinition), agent=agent)
