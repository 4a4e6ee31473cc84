"""Reading, never running, the Python of a classic CrewAI project: what `crew.py` and `main.py` say literally."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stepcrew_cli.crewai_values import OnlyRunningTells, Values, literal, name_of
from stepcrew_cli.errors import CrewFileError

OBJECTS = frozenset({"agents", "tasks", "config"})
"""Keywords whose values the decorators and the two YAML files already give."""
AROUND = frozenset({"before_kickoff", "after_kickoff"})


@dataclass
class Part:
    """One @agent or @task method: the YAML entry it uses and the settings written in code."""

    method: str
    key: str
    settings: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class ProjectCode:
    """Parts stand in source order, which is CrewAI's order of `self.tasks`; `order` names the tasks' methods where the
    crew lists them itself. `left_out` names what could not come along."""

    agents: list[Part] = field(default_factory=list[Part])
    tasks: list[Part] = field(default_factory=list[Part])
    crew: dict[str, Any] = field(default_factory=dict[str, Any])
    order: list[str] | None = None
    left_out: list[str] = field(default_factory=list[str])


def read_crew_code(path: Path) -> ProjectCode:
    """Raises CrewFileError when the file is not Python or uses a tool of the project itself."""
    tree = _tree(path)
    reader = _Reader(Values(tree, path))
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        kinds = {name_of(d.func if isinstance(d, ast.Call) else d) for d in function.decorator_list}
        reader.code.left_out += [f"{function.name} (@{kind})" for kind in sorted(kinds & AROUND)]
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            if "agent" in kinds and name_of(call.func) == "Agent":
                reader.code.agents.append(reader.part(function.name, call))
            elif "task" in kinds and name_of(call.func) in {"Task", "ConditionalTask"}:
                reader.code.tasks.append(reader.part(function.name, call))
            elif "crew" in kinds and name_of(call.func) == "Crew":
                reader.code.crew = reader.settings(call, "crew")
                reader.code.order = reader.order(call)
    return reader.code


def read_main_inputs(path: Path) -> dict[str, Any]:
    """The literal entries of the first `inputs = {…}` in `main.py`; computed ones are left out, except the year."""
    for node in ast.walk(_tree(path)):
        if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Dict):
            continue
        if any(isinstance(target, ast.Name) and target.id == "inputs" for target in node.targets):
            return dict(_literal_entries(node.value))
    return {}


def _literal_entries(node: ast.Dict) -> Iterator[tuple[str, Any]]:
    for key, value in zip(node.keys, node.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            continue
        if ast.unparse(value) in {"str(datetime.now().year)", "str(datetime.datetime.now().year)"}:
            # CrewAI's own project template computes this one.
            yield key.value, str(datetime.now(UTC).year)
            continue
        try:
            yield key.value, literal(value)
        except OnlyRunningTells:
            continue


class _Reader:
    def __init__(self, values: Values) -> None:
        self._values = values
        self.code = ProjectCode()

    def part(self, method: str, call: ast.Call) -> Part:
        key = method
        for keyword in call.keywords:
            # CrewAI's template writes `self.agents_config[…]` with the name of the YAML entry.
            index = keyword.value.slice if isinstance(keyword.value, ast.Subscript) else None
            if keyword.arg == "config" and isinstance(index, ast.Constant):
                key = str(index.value)
        return Part(method, key, self.settings(call, method))

    def order(self, call: ast.Call) -> list[str] | None:
        listed = next((keyword.value for keyword in call.keywords if keyword.arg == "tasks"), None)
        if not isinstance(listed, ast.List):
            return None
        try:
            return self._values.read("tasks", listed)
        except OnlyRunningTells:
            self.code.left_out.append(f"crew: the order tasks={ast.unparse(listed)[:80]}")
            return None

    def settings(self, call: ast.Call, where: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for keyword in call.keywords:
            if keyword.arg is None or keyword.arg in OBJECTS:
                continue
            try:
                found[keyword.arg] = self._values.read(keyword.arg, keyword.value)
            except OnlyRunningTells:
                self.code.left_out.append(f"{where}: {keyword.arg}={ast.unparse(keyword.value)[:80]}")
        self.code.left_out += [f"{where}: {each}" for each in self._values.left_out]
        self._values.left_out.clear()
        return found


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, SyntaxError, ValueError) as error:
        raise CrewFileError(f"{path} cannot be read: {error}") from error
