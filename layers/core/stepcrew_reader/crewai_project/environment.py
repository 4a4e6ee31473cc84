"""What a project takes from its environment that decides how its crew runs: the model of agents that name none."""

from __future__ import annotations

import ast
import re

from stepcrew_reader.crewai_project.following import name_of
from stepcrew_reader.crewai_project.modules import Module, Project
from stepcrew_reader.documents import read_text
from stepcrew_reader.errors import CrewFileError
from stepcrew_reader.texts import AnyPath

NAMES = ("MODEL", "MODEL_NAME", "OPENAI_MODEL_NAME")
"""Where CrewAI looks for it (crewai/utilities/llm_utils.py)."""
_LINE = re.compile(rf"^\s*(?:export\s+)?({'|'.join(NAMES)})[ \t]*=[ \t]*\S", re.MULTILINE)


def model_set_outside(project: Project, folder: AnyPath) -> str:
    """Which name names it, and where; empty where none does."""
    for place in dict.fromkeys((folder / ".env", project.folder / ".env")):
        try:
            found = _LINE.search(read_text(place))
        except CrewFileError:
            continue
        if found:
            return f"{found[1]} in {place.name}"
    return next((f"{name} at {module.line(node)}" for module in project.read for name, node in _set(module)), "")


def _set(module: Module) -> list[tuple[str, ast.AST]]:
    """Names that the code sets: `os.environ[NAME] = …`, and with `setdefault`."""
    found: list[tuple[str, ast.AST]] = []
    for node in ast.walk(module.tree):
        match node:
            case (
                ast.Subscript(value=of, slice=ast.Constant(value=str(name)), ctx=ast.Store())
                | ast.Call(func=ast.Attribute(value=of, attr="setdefault"), args=[ast.Constant(value=str(name)), *_])
            ) if name in NAMES and name_of(of) == "environ":
                found.append((name, node))
            case _:
                pass
    return found
