"""Where the parts of a crew definition stand in the request that brought it."""

from __future__ import annotations

from typing import Any, cast

from stepcrew.domain.errors import Fault

Path = tuple[str, ...]


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

    def input_fault(self, name: str, code: str, detail: str, remedy: str = "") -> Fault:
        """Of the input of this name."""
        return Fault(pointer=self.inputs.get(name, f"/inputs/{escape(name)}"), code=code, detail=detail, remedy=remedy)


def escape(step: str) -> str:
    """One step of an RFC 6901 JSON pointer."""
    return step.replace("~", "~0").replace("/", "~1")


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
