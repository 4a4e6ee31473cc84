"""What an expression in `crew.py` stands for, as far as the text of the file says it; nothing is executed."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path
from typing import Any

from stepcrew_cli.crew_source import local_tool_error

MODELS = frozenset({"llm", "manager_llm", "planning_llm", "function_calling_llm"})

METHODS = frozenset({"agent", "manager_agent"})
METHOD_LISTS = frozenset({"context", "tasks"})
"""Keywords that call methods of the crew: `context=[self.research_task()]`."""


class OnlyRunningTells(Exception):
    """The value is computed: reading the file does not give it."""


class Values:
    """Reads the values of one file. `left_out` names what a value held that could not come along."""

    def __init__(self, tree: ast.Module, path: Path) -> None:
        self._assigned = _assigned_once(tree)
        self._own = {**_local_imports(tree, path), **_definitions(tree, path)}
        self.left_out: list[str] = []

    def read(self, keyword: str, node: ast.expr) -> Any:
        """The JSON value of a keyword argument of Agent, Task or Crew.

        Raises:
            OnlyRunningTells: the value is computed.
            CrewFileError: it is a tool of the project itself.
        """
        node = self._resolved(node)
        if keyword == "process" and isinstance(node, ast.Attribute):
            return node.attr
        if keyword == "tools" and isinstance(node, ast.List):
            return self._tools(node)
        if keyword in METHOD_LISTS and isinstance(node, ast.List):
            return [_method_call(element) for element in node.elts]
        if keyword in METHODS and isinstance(node, ast.Call):
            return _method_call(node)
        if keyword in MODELS and isinstance(node, ast.Call) and name_of(node.func) == "LLM":
            return self._model(node)
        return literal(node)

    def _resolved(self, node: ast.expr) -> ast.expr:
        """`search_tool` and `self.search_tool` → what the file assigns to that name, if it does so exactly once."""
        seen: set[str] = set()
        while (name := _reference(node)) in self._assigned and name not in seen:
            seen.add(name)
            node = self._assigned[name]
        return node

    def _tools(self, listed: ast.List) -> list[str]:
        found: list[str] = []
        for element in listed.elts:
            try:
                found.append(self._tool(self._resolved(element)))
            except OnlyRunningTells:
                self.left_out.append(f"the tool {ast.unparse(element)[:80]}")
        return found

    def _tool(self, node: ast.expr) -> str:
        name = name_of(node.func) if isinstance(node, ast.Call) else _reference(node)
        if name in self._own:
            raise local_tool_error(self._own[name])
        if not isinstance(node, ast.Call) or not name[:1].isupper():
            raise OnlyRunningTells  # what a function gives, not a tool by its class
        if node.args or node.keywords:
            self.left_out.append(f"the arguments of {ast.unparse(node)[:80]}")
        return name

    def _model(self, node: ast.Call) -> Any:
        """`LLM(model="openai/gpt-4.1", temperature=0)`; keys and addresses stay behind."""
        settings: dict[str, Any] = {"model": literal(node.args[0])} if node.args else {}
        for keyword in node.keywords:
            try:
                if keyword.arg is None or keyword.arg in {"api_key", "base_url", "api_base"}:
                    raise OnlyRunningTells
                settings[keyword.arg] = literal(self._resolved(keyword.value))
            except OnlyRunningTells:
                self.left_out.append(f"{keyword.arg or '**'} of LLM(…)")
        if "model" not in settings:
            raise OnlyRunningTells
        return settings["model"] if len(settings) == 1 else settings


def literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError):
        raise OnlyRunningTells from None


def name_of(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _reference(node: ast.expr) -> str:
    """A plain name, or an attribute of self."""
    match node:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="self"), attr=name):
            return name
        case _:
            return ""


def _method_call(node: ast.expr) -> str:
    """`self.research_task()` → `research_task`."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr
    raise OnlyRunningTells


def _assigned_once(tree: ast.Module) -> dict[str, ast.expr]:
    found: dict[str, ast.expr] = {}
    times: Counter[str] = Counter()
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=targets, value=value):
                pairs = [(target, value) for target in targets]
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                pairs = [(target, value)]
            case ast.AugAssign(target=target, value=value):
                pairs = [(target, value)] * 2  # `tools += …` leaves no single value
            case _:
                continue
        for target, value in pairs:
            found[_reference(target)] = value
            times[_reference(target)] += 1
    return {name: value for name, value in found.items() if name and times[name] == 1}


def _definitions(tree: ast.Module, path: Path) -> dict[str, Path]:
    """Functions and classes at the top of the file: as tools they are the project's own."""
    return {node.name: path for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}


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
