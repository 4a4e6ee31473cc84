"""A crew written as plain code: `Crew(agents=[…], tasks=[…])` with agents and tasks made in the same project."""

from __future__ import annotations

import ast
from typing import Any

from stepcrew_reader.crewai_project.assignments import Function, statements
from stepcrew_reader.crewai_project.following import (
    Found,
    OnlyRunningTells,
    Scope,
    called_function,
    class_called,
    follow,
    follow_calls,
    name_of,
)
from stepcrew_reader.crewai_project.modules import Module
from stepcrew_reader.crewai_project.parts import CrewParts
from stepcrew_reader.crewai_project.reading import elements, keywords, refused
from stepcrew_reader.crewai_project.values import Settings
from stepcrew_reader.documents import Document

TASKS = frozenset({"Task", "ConditionalTask"})


def crew_calls(module: Module) -> list[Found]:
    """Every `Crew(…)` of a file that is CrewAI's, with the scope it stands in."""
    if module.imports.get("Crew", ("", ""))[0].split(".")[0] != "crewai" and "crewai" not in module.imports:
        return []
    found: list[Found] = []
    _collect(module.tree.body, Scope(module), found)
    return [one for one in found if class_called(one) == "Crew"]


def _collect(body: list[ast.stmt], scope: Scope, found: list[Found]) -> None:
    for node in statements(body):
        if isinstance(node, Function):
            _collect(node.body, scope.inside(node), found)
        elif isinstance(node, ast.ClassDef):
            _collect(node.body, Scope(scope.module, node), found)
        else:
            own = [one for one in ast.walk(node) if isinstance(one, ast.Call)] if not _holds_statements(node) else []
            found += [Found(one, scope) for one in own]


def _holds_statements(node: ast.stmt) -> bool:
    return hasattr(node, "body")


class ScriptReader:
    """Reads one `Crew(…)`. An agent or task is named after the variable or the function that holds it."""

    def __init__(self, crew: Found) -> None:
        self._crew = crew
        self._agents: dict[str, Document] = {}
        self._tasks: dict[str, Document] = {}
        self._names: dict[int, str] = {}
        self._settings = Settings(self._agent, self._task)

    def read(self) -> CrewParts:
        """Raises CrewFileError for an agent or a task that only running the code would tell."""
        given, _ = keywords(self._crew)
        for which, read in (("agents", self._agent), ("tasks", self._task)):
            listed = given.get(which)
            try:
                for one in elements(listed) if listed else []:
                    read(one)
            except OnlyRunningTells as error:
                assert listed
                raise refused(listed, f"the crew's {which}") from error
        crew = self._settings.read(self._crew, "crew", frozenset({"agents", "tasks", "config"}))
        return CrewParts(self._agents, self._tasks, crew, self._settings.left_out)

    def _agent(self, found: Found) -> str:
        return self._part(found, frozenset({"Agent"}), self._agents)

    def _task(self, found: Found) -> str:
        return self._part(found, TASKS, self._tasks)

    def _part(self, found: Found, kinds: frozenset[str], parts: dict[str, Document]) -> str:
        """The name of the agent or task that an expression stands for; reads it when it is met first."""
        holder = follow(found)
        known = self._names.get(id(holder.node))
        if known:
            return known
        made = follow_calls(holder)
        if class_called(made) not in kinds:
            raise refused(found, f"what should be {' or '.join(sorted(kinds))}(…)")
        name = _free(_name(found, holder), parts)
        self._names[id(holder.node)] = name
        document: dict[str, Any] = self._settings.read(made, name, frozenset({"name"}))
        parts[name] = document
        return name


def _name(found: Found, holder: Found) -> str:
    written = name_of(found.node)
    if written:
        return written
    called = called_function(holder)
    return called[0].name if called else "part"


def _free(name: str, parts: dict[str, Document]) -> str:
    number = 2
    wanted = name
    while wanted in parts:
        wanted = f"{name}_{number}"
        number += 1
    return wanted
