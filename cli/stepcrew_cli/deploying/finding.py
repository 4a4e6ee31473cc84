"""Finds what a project runs, without running anything of it."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from stepcrew_cli.errors import CrewFileError

LEFT_OUT = {
    "__pycache__",
    ".git",
    ".venv",
    "venv",
    "env",
    "node_modules",
    "dist",
    "build",
    "tests",
    "test",
    ".ruff_cache",
}
"""Folders that are no part of a project's code."""
ENTRY_NAMES = ("crew", "create_crew", "build_crew", "get_crew", "make_crew")
"""What module-level crews and the functions that make them are called."""


class Candidate(NamedTuple):
    """Something that could be run: `entry` is `module:object`."""

    entry: str
    kind: str


class Project(NamedTuple):
    """A project's folder as it lies there. `name` is its own; `entry` is `module:object`."""

    root: Path
    name: str
    entry: str
    dependencies: list[str]
    files: list[Path]
    environment: list[str]


def find_project(target: Path, entry: str | None) -> Project:
    """Reads a folder, or a single Python file.

    Raises:
        CrewFileError: nothing that can be run is there, or several things are and `entry` chooses none of them.
    """
    root = target.parent if target.is_file() else target
    files = [target] if target.is_file() else sorted(_files(root))
    described = _pyproject(root) if target.is_dir() else {}
    sources = {file: _parsed(file) for file in files if file.suffix == ".py"}
    chosen = entry or _entry(root, sources, described)
    module = chosen.partition(":")[0]
    if not any(_module_of(root, file) == module for file in sources):
        raise CrewFileError(f"The project has no module {module}.", remedy="Name the entry as module:object.")
    own = described.get("project", {})
    return Project(
        root=root,
        name=str(own.get("name") or (target.stem if target.is_file() else root.resolve().name)),
        entry=chosen,
        dependencies=_dependencies(root, own),
        files=[file.relative_to(root) for file in files],
        environment=sorted({name for tree in sources.values() for name in _environment(tree)}),
    )


def has_code(target: Path) -> bool:
    """Whether a folder or file brings a crew or flow as Python."""
    if target.is_file():
        return target.suffix == ".py"
    try:
        return target.is_dir() and any(_candidates(target, {file: _parsed(file)}) for file in _files(target, ".py"))
    except CrewFileError:
        return False  # whoever reads it as a crew tells what is wrong with it


def _files(root: Path, suffix: str = "") -> Iterator[Path]:
    for path in root.iterdir():
        if path.name in LEFT_OUT or path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir():
            yield from _files(path, suffix)
        elif path.name.endswith(suffix):
            yield path


def _pyproject(root: Path) -> dict[str, Any]:
    file = root / "pyproject.toml"
    if not file.exists():
        return {}
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CrewFileError(f"{file} cannot be read: {error}") from error


def _dependencies(root: Path, described: dict[str, Any]) -> list[str]:
    if "dependencies" in described:
        return [str(one) for one in described["dependencies"]]
    listed = root / "requirements.txt"
    lines = listed.read_text(encoding="utf-8-sig").splitlines() if listed.exists() else []
    wanted = (line.partition(" #")[0].strip() for line in lines)
    return [line for line in wanted if line and not line.startswith(("#", "-"))]


def _parsed(file: Path) -> ast.Module:
    try:
        return ast.parse(file.read_text(encoding="utf-8-sig"), str(file))
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise CrewFileError(f"{file}{f':{line}' if line else ''} is not Python: {error}") from error


def _module_of(root: Path, file: Path) -> str:
    base = root / "src" if file.is_relative_to(root / "src") else root
    parts = file.relative_to(base).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _entry(root: Path, sources: dict[Path, ast.Module], described: dict[str, Any]) -> str:
    found = _candidates(root, sources)
    wanted = described.get("tool", {}).get("crewai", {}).get("type")
    flows = [one for one in found if one.kind == "flow"]
    # A flow runs its crews: where there is one, it is what the project is.
    chosen = flows if flows and wanted != "crew" else [one for one in found if one.kind == "crew"] or flows
    if len(chosen) > 1:
        called = {name for tree in sources.values() for name in _made_in_main(tree)}
        chosen = [one for one in chosen if one.entry.partition(":")[2] in called] or chosen
    if len(chosen) == 1:
        return chosen[0].entry
    if not chosen:
        raise CrewFileError(
            f"No crew and no flow was found in {root}.",
            remedy="Name the object that is run with --entry module:object.",
        )
    names = ", ".join(sorted(one.entry for one in chosen))
    raise CrewFileError(
        f"The project has several things to run: {names}.", remedy="Choose one with --entry module:object."
    )


def _candidates(root: Path, sources: dict[Path, ast.Module]) -> list[Candidate]:
    found: list[Candidate] = []
    for file, tree in sources.items():
        module = _module_of(root, file)
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                if any(_called(base) == "Flow" for base in node.bases):
                    found.append(Candidate(f"{module}:{node.name}", "flow"))
                elif any(_called(mark) == "CrewBase" for mark in node.decorator_list):
                    found.append(Candidate(f"{module}:{node.name}", "crew"))
            elif isinstance(node, ast.FunctionDef) and node.name in ENTRY_NAMES and not node.args.args:
                found.append(Candidate(f"{module}:{node.name}", "crew"))
            elif (
                isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and _called(node.value) == "Crew"
            ):
                found.append(Candidate(f"{module}:{node.targets[0].id}", "crew"))
    return found


def _called(node: ast.expr) -> str:
    """The last part of what a name, attribute, call or subscript names."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            return node.attr
        case ast.Call():
            return _called(node.func)
        case ast.Subscript():
            return _called(node.value)
        case _:
            return ""


def _made_in_main(tree: ast.Module) -> Iterator[str]:
    """Names of the classes that `kickoff` or `run` of a main module makes objects of."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in ("kickoff", "run", "main"):
            yield from (_called(one.func) for one in ast.walk(node) if isinstance(one, ast.Call))


def _environment(tree: ast.Module) -> Iterator[str]:
    """Names that the code reads from its environment."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]) if _reads(function):
                yield name
            case ast.Subscript(value=value, slice=ast.Constant(value=str(name)), ctx=ast.Load()):
                if _called(value) == "environ":
                    yield name
            case _:
                pass


def _reads(function: ast.expr) -> bool:
    if _called(function) == "getenv":
        return True
    return isinstance(function, ast.Attribute) and function.attr == "get" and _called(function.value) == "environ"
