"""How a project starts itself: what its author calls to run it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from stepcrew_cli.deploying.candidates import modules
from stepcrew_cli.deploying.syntax import (
    called,
    calls,
    functions,
    imported,
    kicks_off,
    main_guard,
    needs_arguments,
    runs_on_import,
)

MAIN = "__main__"
"""In place of an object's name: the file is run as a script."""
SCRIPTS = ("run_crew", "kickoff", "run", "start", "main")
"""Names in `[project.scripts]`, the likeliest first; `crewai run` calls the first of them."""
FILES = ("main", "__main__", "run", "app", "crew", "flow", "start", "run_crew", "index")
FUNCTIONS = ("run", "kickoff", "main", "start")
SERVERS = ("streamlit", "fastapi", "flask", "gradio", "chainlit", "uvicorn")
"""Who imports one of these serves people, and does not end."""


def start_of(root: Path, sources: Mapping[Path, ast.Module], described: Mapping[str, Any]) -> str | None:
    """`module:function`, or `module:__main__` for a file that is run as a script; None where nothing says so."""
    trees = {module: sources[file] for module, file in modules(root, sources).items()}
    for module, function in _scripts(described):
        tree = trees.get(module)
        if tree is not None and function in functions(tree):
            return f"{module}:{function}"
    for module, tree in sorted(trees.items(), key=_likelihood):
        name = module.rpartition(".")[2]
        if any(one.partition(".")[0] in SERVERS for one in imported(tree)):
            continue
        is_main = name in FILES[:2]
        if runs_on_import(tree) or (main_guard(tree) and (is_main or kicks_off(tree.body))):
            return f"{module}:{MAIN}"
        if is_main or kicks_off(tree.body):
            for function in FUNCTIONS:
                found = functions(tree).get(function)
                if found is not None and not needs_arguments(found) and (is_main or kicks_off(found.body)):
                    return f"{module}:{function}"
    return None


def steps_of(start: str, root: Path, sources: Mapping[Path, ast.Module]) -> list[ast.stmt]:
    """The statements of the start, and of the functions beside it that it calls: `main` calls `run`."""
    module, _, function = start.partition(":")
    tree = sources[modules(root, sources)[module]]
    known = functions(tree)
    body = main_guard(tree) or tree.body if function == MAIN else known[function].body
    called_there = {called(call) for call in calls(body)} & set(known)
    return [*body, *(statement for name in sorted(called_there) for statement in known[name].body)]


def made_by_start(start: str, root: Path, sources: Mapping[Path, ast.Module]) -> set[str]:
    """Names of what the start makes objects of or calls."""
    return {called(call) for call in calls(steps_of(start, root, sources))}


def starts_with_arguments(root: Path, sources: Mapping[Path, ast.Module]) -> list[str]:
    """Functions that start a crew or a flow and cannot be called as they are, as `module:function`."""
    found: list[str] = []
    for module, file in modules(root, sources).items():
        known = functions(sources[file])
        starting = {name for name, one in known.items() if kicks_off(one.body)}
        while (
            more := {name for name, one in known.items() if starting & {called(call) for call in calls(one.body)}}
            - starting
        ):
            starting |= more
        asking = [name for name in known if name in starting and needs_arguments(known[name])]
        found += [f"{module}:{name}" for name in asking if not name.startswith("_")]
    return found


def _scripts(described: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    tool = described.get("tool", {}).get("poetry", {})
    scripts: dict[str, Any] = described.get("project", {}).get("scripts") or tool.get("scripts") or {}
    own = described.get("project", {}).get("name") or tool.get("name")
    for name in (*SCRIPTS, own):
        module, _, function = str(scripts.get(name, "")).partition(":")
        if function:
            yield module, function


def _likelihood(item: tuple[str, ast.Module]) -> tuple[int, int, str]:
    module = item[0]
    name = module.rpartition(".")[2]
    return (FILES.index(name) if name in FILES else len(FILES), module.count("."), module)
