"""The Python files of a project as syntax trees, and what their names stand for across files."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from stepcrew_reader.crew_source import DEPLOY
from stepcrew_reader.crewai_project.assignments import Function, assigned_once
from stepcrew_reader.documents import read_bytes
from stepcrew_reader.errors import CrewFileError
from stepcrew_reader.texts import AnyPath

if TYPE_CHECKING:
    from tree_sitter import Node

NOT_OF_THE_CREW = frozenset(
    {"tests", "test", "venv", "env", "node_modules", "site-packages", "build", "dist", "__pycache__", "notebooks"}
)
MAX_FILES = 2_000
MOST_WORK = 200_000
"""Names that are followed, parts of functions that are looked at, and characters that are taken over, by tens."""


@dataclass
class Module:
    """One file. `project` resolves its imports of other files of the project."""

    path: AnyPath
    tree: ast.Module
    project: Project

    @cached_property
    def assigned(self) -> dict[str, ast.expr]:
        """Names that are assigned exactly once outside functions and classes, and their values."""
        return assigned_once(self.tree.body)

    @cached_property
    def functions(self) -> dict[str, Function]:
        return {node.name: node for node in self.tree.body if isinstance(node, Function)}

    @cached_property
    def classes(self) -> dict[str, ast.ClassDef]:
        return {node.name: node for node in self.tree.body if isinstance(node, ast.ClassDef)}

    @cached_property
    def imports(self) -> dict[str, tuple[str, str]]:
        """Imported name → (module as written, with its dots; name in that module, empty for the module itself)."""
        found: dict[str, tuple[str, str]] = {}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.ImportFrom):
                module = "." * node.level + (node.module or "")
                found |= {alias.asname or alias.name: (module, alias.name) for alias in node.names}
            elif isinstance(node, ast.Import):
                found |= {alias.asname or alias.name.split(".")[0]: (alias.name, "") for alias in node.names}
        return found

    def original(self, name: str) -> str:
        """`Agent` for a name imported by `from crewai import Agent as A`."""
        module, imported = self.imports.get(name, ("", ""))
        return imported if module and imported else name

    def place(self, node: ast.AST) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}"

    def line(self, node: ast.AST) -> str:
        """As `place`, for a text that has named the project."""
        return f"{self.path.name}:{getattr(node, 'lineno', 1)}"

    def imported(self, name: str) -> tuple[Module, str] | None:
        """The file of the project that a name comes from and its name there; None for packages from elsewhere."""
        if name not in self.imports:
            return None
        module, original = self.imports[name]
        path = self.project.module_path(self, module, original)
        return (self.project.module(path), original) if path else None


class Project:
    """The Python files below one folder, where the imports of its files lead."""

    def __init__(self, folder: AnyPath) -> None:
        self.folder = folder.resolve()
        self._modules: dict[AnyPath, Module] = {}
        self._left = MOST_WORK
        self.asked_for_today = False
        """Whether a value that was read is another one on another day."""

    @property
    def read(self) -> list[Module]:
        """The files that were read so far."""
        return list(self._modules.values())

    def spend(self, work: int) -> None:
        """Ends the reading of a project whose names lead on and on. Raises CrewFileError."""
        self._left -= work
        if self._left < 0:
            raise CrewFileError(f"{self.folder}: its names lead through too much code to be followed.", remedy=DEPLOY)

    def module(self, path: AnyPath) -> Module:
        """Raises CrewFileError when the file cannot be read or is not Python."""
        path = path.resolve()
        if path not in self._modules:
            self._modules[path] = Module(path, tree_of(path), self)
        return self._modules[path]

    def module_path(self, user: Module, module: str, name: str) -> AnyPath | None:
        """The file that `from module import name` in `user` reads, when it belongs to this project."""
        dots = len(module) - len(module.lstrip("."))
        parts = [part for part in module.lstrip(".").split(".") if part]
        if dots:
            roots: Iterable[AnyPath] = [user.path.parents[min(dots, len(user.path.parents)) - 1]]
        else:
            inside = [parent for parent in user.path.parents if parent.is_relative_to(self.folder)]
            roots = [*inside, self.folder / "src"]
        for root in roots:
            target = root.joinpath(*parts)
            files = [target / "__init__.py"]
            if parts:
                files.insert(0, target.with_suffix(".py"))
            if name:
                files.insert(0, target / f"{name}.py")
            for path in files:
                if path != user.path and path.is_file():
                    return path
        return None


def python_files(folder: AnyPath) -> list[AnyPath]:
    """Every Python file that may belong to a crew, in a stable order. Raises CrewFileError for too many."""
    found = sorted(_python_files(folder))
    if len(found) > MAX_FILES:
        raise CrewFileError(
            f"{folder} holds more than {MAX_FILES:,} Python files.", remedy="Name the folder of the crew itself."
        )
    return found


def _python_files(folder: AnyPath) -> Iterator[AnyPath]:
    for path in folder.iterdir():
        if path.name.startswith(".") or path.name in NOT_OF_THE_CREW:
            continue
        if path.is_dir() and not path.is_symlink() and not (path / "pyvenv.cfg").exists():
            yield from _python_files(path)
        elif path.suffix == ".py" and not path.name.startswith("test_") and path.is_file():
            yield path.resolve()


def tree_of(path: AnyPath) -> ast.Module:
    """Raises CrewFileError, with the line, when the file cannot be read or is not Python."""
    content = read_bytes(path)
    try:
        return _parsed(content, path)
    except CrewFileError:
        plain = _without_format_strings(content) if sys.version_info < (3, 12) else None
        if plain is None:
            raise
        return _parsed(plain, path)


def _parsed(content: bytes, path: AnyPath) -> ast.Module:
    """Python itself finds out in which encoding the file says that it is."""
    try:
        return ast.parse(content, str(path))
    except SyntaxError as error:
        line = f":{error.lineno}" if error.lineno else ""
        raise CrewFileError(f"{path}{line} is not Python: {error.msg}.") from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise CrewFileError(f"{path} cannot be read: {str(error) or 'it is nested too deeply'}.") from error


def _without_format_strings(source: bytes) -> bytes | None:
    """Python 3.12 allows format strings that an older interpreter cannot parse. Their values are computed anyway, so
    each becomes one that holds an unknown value; lines keep their numbers. None when the text has none."""
    try:
        import tree_sitter_python
        from tree_sitter import Language, Parser
    except ImportError:  # the command line brings them, the API does not
        return None
    spans = list(_format_strings(Parser(Language(tree_sitter_python.language())).parse(source).root_node))
    for node in reversed(spans):
        inside = source[node.start_byte : node.end_byte]
        source = source[: node.start_byte] + b"f'{_}'" + b"\\\n" * inside.count(b"\n") + source[node.end_byte :]
    return source if spans else None


def _format_strings(node: Node) -> Iterator[Node]:
    if node.type == "string" and any(child.type == "interpolation" for child in node.children):
        yield node
        return
    for child in node.children:
        yield from _format_strings(child)
