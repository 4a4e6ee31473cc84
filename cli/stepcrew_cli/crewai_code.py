"""Reading, never running, the Python of a classic CrewAI project: what `crew.py` and `main.py` say literally."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from stepcrew_cli.crew_source import local_tool_error
from stepcrew_cli.errors import CrewFileError

OBJECTS = frozenset({"agents", "tasks", "config", "agent"})
"""Keywords whose values the decorators and the two YAML files already give."""


@dataclass
class Part:
    """One @agent or @task method: the YAML entry it uses and the settings written in code."""

    method: str
    key: str
    settings: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class ProjectCode:
    """Parts stand in source order, which is CrewAI's order of running. `unread` names settings code computes."""

    agents: list[Part] = field(default_factory=list[Part])
    tasks: list[Part] = field(default_factory=list[Part])
    crew: dict[str, Any] = field(default_factory=dict[str, Any])
    unread: list[str] = field(default_factory=list[str])


def read_crew_code(path: Path) -> ProjectCode:
    """Raises CrewFileError when the file is not Python or uses a tool of the project itself."""
    tree = _tree(path)
    reader = _Reader(path, _local_imports(tree, path))
    for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
        kinds = {_name(d.func if isinstance(d, ast.Call) else d) for d in function.decorator_list}
        for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
            if "agent" in kinds and _name(call.func) == "Agent":
                reader.code.agents.append(reader.part(function.name, call))
            elif "task" in kinds and _name(call.func) in {"Task", "ConditionalTask"}:
                reader.code.tasks.append(reader.part(function.name, call))
            elif "crew" in kinds and _name(call.func) == "Crew":
                reader.code.crew = reader.settings(call, "crew")
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
            yield key.value, ast.literal_eval(value)
        except (ValueError, TypeError):
            continue


class _Reader:
    def __init__(self, path: Path, local: dict[str, Path]) -> None:
        self._path = path
        self._local = local
        self.code = ProjectCode()

    def part(self, method: str, call: ast.Call) -> Part:
        key = method
        for keyword in call.keywords:
            # CrewAI's template writes `self.agents_config[…]` with the name of the YAML entry.
            index = keyword.value.slice if isinstance(keyword.value, ast.Subscript) else None
            if keyword.arg == "config" and isinstance(index, ast.Constant):
                key = str(index.value)
        return Part(method, key, self.settings(call, method))

    def settings(self, call: ast.Call, where: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for keyword in call.keywords:
            if keyword.arg is None or keyword.arg in OBJECTS:
                continue
            try:
                found[keyword.arg] = self._value(keyword.arg, keyword.value)
            except (ValueError, TypeError):
                self.code.unread.append(f"{where}: {keyword.arg}={ast.unparse(keyword.value)[:80]}")
        return found

    def _value(self, keyword: str, node: ast.expr) -> Any:
        """Raises ValueError when only running the code would tell."""
        if keyword == "process" and isinstance(node, ast.Attribute):
            return node.attr
        if keyword == "tools" and isinstance(node, ast.List):
            return [self._tool(element) for element in node.elts]
        if keyword == "context" and isinstance(node, ast.List):
            return [_method_call(element) for element in node.elts]
        if keyword == "manager_agent":
            return _method_call(node)
        return ast.literal_eval(node)

    def _tool(self, node: ast.expr) -> str:
        name = _name(node.func) if isinstance(node, ast.Call) else _name(node)
        if name in self._local:
            raise local_tool_error(self._local[name])
        if not isinstance(node, ast.Call) or node.args or node.keywords or not name:
            raise ValueError("a tool with arguments")
        return name


def _method_call(node: ast.expr) -> str:
    """`self.research_task()` → `research_task`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr
    raise ValueError("not a method of the crew")


def _local_imports(tree: ast.Module, path: Path) -> dict[str, Path]:
    """Names that come from a file of the project, and that file."""
    package = path.parent
    found: dict[str, Path] = {}
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        parts = (node.module or "").split(".") if node.module else []
        if not node.level and parts and parts[0] == package.name:
            parts = parts[1:]
        elif not node.level and not (package / parts[0]).exists() and not (package / f"{parts[0]}.py").exists():
            continue
        module = package.joinpath(*parts)
        for alias in node.names:
            inner = module / f"{alias.name}.py"
            found[alias.asname or alias.name] = inner if inner.is_file() else module.with_suffix(".py")
    return found


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _tree(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, SyntaxError, ValueError) as error:
        raise CrewFileError(f"{path} cannot be read: {error}") from error
