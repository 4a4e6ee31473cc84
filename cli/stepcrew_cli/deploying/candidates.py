"""Crews and flows in a project's files, found without running anything."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from stepcrew_cli.deploying.syntax import Function, called, functions, imported, needs_arguments

FACTORIES = ("crew", "create_crew", "build_crew", "get_crew", "make_crew", "create_flow", "build_flow")
"""What functions that make a crew or flow are called, where their annotation does not say what they make."""


class Candidate(NamedTuple):
    """Something that could be run: `entry` is `module:object`; `file` is where it is."""

    entry: str
    kind: str
    file: Path

    @property
    def name(self) -> str:
        return self.entry.partition(":")[2]


def modules(root: Path, sources: Mapping[Path, ast.Module]) -> dict[str, Path]:
    """The files, by the names under which they are imported: those in `src` without it, unless the project does it
    otherwise."""
    of_src = {name.split(".")[1] for tree in sources.values() for name in imported(tree) if name.startswith("src.")}
    is_package = root / "src" / "__init__.py" in sources
    found: dict[str, Path] = {}
    for file in sources:
        parts = list(file.relative_to(root).with_suffix("").parts)
        if parts[0] == "src" and len(parts) > 1 and not (parts[1] in of_src or (is_package and len(parts) == 2)):
            parts = parts[1:]
        found[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = file
    return found


def candidates(root: Path, sources: Mapping[Path, ast.Module]) -> list[Candidate]:
    """What needs no arguments to be made, the surest kind first: marked classes and objects, then functions that make a
    crew, then classes that can make one."""
    flows = _classes_from("Flow", sources.values())
    sure: list[Candidate] = []
    likely: list[Candidate] = []
    for module, file in modules(root, sources).items():
        for node in sources[file].body:
            found = _candidate(node, flows)
            if found:
                name, kind, is_sure = found
                (sure if is_sure else likely).append(Candidate(f"{module}:{name}", kind, file))
    return sure or likely


def made_with_arguments(sources: Mapping[Path, ast.Module]) -> set[str]:
    """Classes that are no candidates only because they need arguments."""
    flows = _classes_from("Flow", sources.values())
    classes = (node for tree in sources.values() for node in tree.body if isinstance(node, ast.ClassDef))
    return {node.name for node in classes if _needs_arguments(node) and _of_class(node, flows)}


def tools(root: Path, sources: Mapping[Path, ast.Module]) -> list[str]:
    """Tools of CrewAI, as `module:object`: classes that need no arguments, and functions marked with `@tool`."""
    classes = _classes_from("BaseTool", sources.values())
    return [
        f"{module}:{node.name}"
        for module, file in modules(root, sources).items()
        for node in sources[file].body
        if (isinstance(node, ast.ClassDef) and node.name in classes)
        or (isinstance(node, Function) and any(called(mark) == "tool" for mark in node.decorator_list))
    ]


def _classes_from(base: str, trees: Iterable[ast.Module]) -> set[str]:
    """The class of CrewAI with this name, and classes that come from it, directly or over others of the project."""
    bases = {
        node.name: {called(one) for one in node.bases}
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.ClassDef)
    }
    known = {base}
    while more := {name for name, over in bases.items() if over & known} - known:
        known |= more
    return known


def _candidate(node: ast.stmt, flows: set[str]) -> tuple[str, str, bool] | None:
    match node:
        case ast.ClassDef():
            return None if _needs_arguments(node) else _of_class(node, flows)
        case ast.FunctionDef() if not needs_arguments(node):
            made = called(node.returns) if node.returns else ""
            returned = {called(one.value) for one in ast.walk(node) if isinstance(one, ast.Return)}
            if made == "Crew" or "Crew" in returned or node.name in FACTORIES:
                return node.name, "crew", True
            return (node.name, "flow", True) if made in flows or returned & flows else None
        case (
            ast.Assign(targets=[ast.Name(id=name)], value=ast.Call() as value)
            | ast.AnnAssign(target=ast.Name(id=name), value=ast.Call() as value)
        ):
            return (name, "crew", True) if called(value) == "Crew" else None
        case _:
            return None


def _needs_arguments(node: ast.ClassDef) -> bool:
    first: Function | None = functions(node).get("__init__")
    return first is not None and needs_arguments(first, is_method=True)


def _of_class(node: ast.ClassDef, flows: set[str]) -> tuple[str, str, bool] | None:
    if any(called(base) in flows for base in node.bases):
        return node.name, "flow", True
    if any(called(mark) == "CrewBase" for mark in node.decorator_list):
        return node.name, "crew", True
    makes = functions(node).get("crew")
    if makes is not None and not needs_arguments(makes, is_method=True):
        return node.name, "crew", False
    return None
