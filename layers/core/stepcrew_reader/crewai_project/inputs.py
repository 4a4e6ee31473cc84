"""The inputs that a project's own start gives its crew: those of `run`, not those of `train` or `test`."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from typing import Any, NamedTuple, cast

from stepcrew_reader.crewai_project.assignments import Function
from stepcrew_reader.crewai_project.following import Found, OnlyRunningTells, Scope, name_of
from stepcrew_reader.crewai_project.modules import Module, Project
from stepcrew_reader.crewai_project.reading import entries, keywords, literal
from stepcrew_reader.documents import read_text
from stepcrew_reader.errors import CrewFileError
from stepcrew_reader.texts import AnyPath

STARTS = ("run", "main", "kickoff", "start")
"""Functions that start a crew, the likeliest first (CrewAI's project template calls it `run`)."""
OTHERS = frozenset({"train", "replay", "test", "run_with_trigger", "evaluate"})
KICKOFFS = frozenset({"kickoff", "kickoff_async", "akickoff"})
FOR_EACH = frozenset({"kickoff_for_each", "kickoff_for_each_async", "akickoff_for_each"})


class RunInputs(NamedTuple):
    """The inputs whose values the text tells, and what it does not; `names` are those of both. Those `of_today` would
    have another value on another day. `repeats` names the kickoffs beyond the one that gives them."""

    values: dict[str, Any]
    left_out: list[str]
    of_today: list[str]
    names: list[str]
    repeats: list[str]


NOTHING_READ = RunInputs({}, [], [], [], [])


def read_inputs(project: Project, crew_file: AnyPath) -> RunInputs:
    """Looks where the project says it starts, then into main.py, then beside the crew."""
    repeats: list[str] | None = None
    for module, names in _starts(project, crew_file):
        for scope, body in _bodies(module, names):
            if repeats is None and _kickoffs(body):
                repeats = _repeats(module, body)
            found = _given(scope, body)
            if found:
                return _values(found)._replace(repeats=repeats or [])
    return NOTHING_READ._replace(repeats=repeats or [])


def _starts(project: Project, crew_file: AnyPath) -> Iterator[tuple[Module, tuple[str, ...]]]:
    for module_name, function in _scripts(project.folder):
        for root in (project.folder / "src", project.folder):
            path = root.joinpath(*module_name.split(".")).with_suffix(".py")
            if path.is_file():
                yield project.module(path), (function,)
    here = crew_file.parent
    beside = [folder / "main.py" for folder in (here, *here.parents) if folder.is_relative_to(project.folder)]
    for path in dict.fromkeys([*beside, project.folder / "src" / "main.py", crew_file]):
        if path.is_file():
            yield project.module(path), STARTS


def _scripts(folder: AnyPath) -> list[tuple[str, str]]:
    """`module:function` of what `crewai run` calls (`run_crew`, then `run`) in pyproject.toml."""
    try:
        document = tomllib.loads(read_text(folder / "pyproject.toml"))
    except (CrewFileError, ValueError, RecursionError):
        return []
    scripts = _table(document, "project", "scripts") or _table(document, "tool", "poetry", "scripts")
    targets = [str(scripts.get(name, "")).partition(":") for name in ("run_crew", "run", "kickoff")]
    return [(module, function) for module, _, function in targets if function]


def _table(document: Any, *names: str) -> dict[str, Any]:
    """The table below these names; empty where there is none."""
    for name in names:
        document = cast("dict[str, Any]", document).get(name) if isinstance(document, dict) else None
    return cast("dict[str, Any]", document) if isinstance(document, dict) else {}


def _bodies(module: Module, names: tuple[str, ...]) -> Iterator[tuple[Scope, list[ast.stmt]]]:
    """The functions of those names, then the file's own statements, then whatever other function may start a crew."""
    known = module.functions
    for name in names:
        if name in known:
            yield Scope(module).inside(known[name]), known[name].body
    yield Scope(module), [node for node in module.tree.body if not isinstance(node, Function | ast.ClassDef)]
    for name, function in known.items():
        if name not in names and name not in OTHERS:
            yield Scope(module).inside(function), function.body


def _given(scope: Scope, body: list[ast.stmt]) -> Found | None:
    """What a `kickoff` in these statements gets as inputs, or the dictionary they call `inputs`."""
    for call in _kickoffs(body):
        given, _ = keywords(Found(call, scope))
        if call.args:
            return Found(call.args[0], scope)
        if "inputs" in given:
            return given["inputs"]
    names = {node.id for statement in body for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return Found(ast.Name("inputs", ast.Load()), scope) if "inputs" in names else None


def _kickoffs(body: list[ast.stmt]) -> list[ast.Call]:
    calls = [node for statement in body for node in ast.walk(statement) if isinstance(node, ast.Call)]
    return [one for one in calls if isinstance(one.func, ast.Attribute) and one.func.attr in KICKOFFS | FOR_EACH]


def _repeats(module: Module, body: list[ast.stmt]) -> list[str]:
    """Each kickoff after the first, and a loop around the first."""
    first, *others = _kickoffs(body)
    nodes = [node for statement in body for node in ast.walk(statement)]
    loops = [node for node in nodes if isinstance(node, ast.For | ast.AsyncFor | ast.While | ast.ListComp)]
    again = [f"the further kickoff at {module.line(one)}" for one in others]
    if any(first in ast.walk(loop) for loop in loops) or name_of(first.func) in FOR_EACH:
        again.insert(0, f"that the kickoff at {module.line(first)} is repeated")
    return again


def _values(found: Found) -> RunInputs:
    try:
        given = entries(found)
    except (OnlyRunningTells, RecursionError):
        return RunInputs({}, [f"inputs={found.text}"], [], [], [])
    values: dict[str, Any] = {}
    left_out: list[str] = []
    of_today: list[str] = []
    project = found.scope.module.project
    for name, value in given.items():
        project.asked_for_today = False
        try:
            values[name] = literal(value)
        except (OnlyRunningTells, RecursionError):
            left_out.append(f"inputs: {name}={value.text}")
        else:
            of_today += [name] if project.asked_for_today else []
    return RunInputs(values, left_out, of_today, list(given), [])
