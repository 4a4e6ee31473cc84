"""Finds what a project runs, without running anything of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from stepcrew_cli.deploying.candidates import Candidate, candidates, made_with_arguments, modules, tools
from stepcrew_cli.deploying.dependencies import dependencies, read_toml
from stepcrew_cli.deploying.environment_names import defaulted_names, environment_names, kept_names, needed_names
from stepcrew_cli.deploying.starts import MAIN, made_by_start, start_of, starts_with_arguments, steps_of
from stepcrew_cli.deploying.syntax import asks_for_arguments, functions, runs_on_import
from stepcrew_reader.crew_source import dated
from stepcrew_reader.crewai_project.inputs import NOTHING_READ, RunInputs, read_inputs
from stepcrew_reader.crewai_project.modules import Project as Sources
from stepcrew_reader.crewai_project.modules import tree_of
from stepcrew_reader.errors import CrewFileError

Chooser = Callable[[Path, Mapping[Path, ast.Module], Mapping[str, Any]], str]
LEFT_OUT = {"__pycache__", "venv", "node_modules", "site-packages", "dist", "build", "tests", "test"}
"""Folders that are no part of a project's code; so is every one whose name begins with a dot."""
OF_KEYS = re.compile(
    r"(?<!example)\.env$|\.(pem|key|p12|pfx)$|^(credentials|service[_-]account|client_secret).*\.json$"
)
"""What files are called that hold keys."""
DESCRIBES = ("pyproject.toml", "requirements.txt", "Pipfile")
"""Files that say what a project depends on."""


class Project(NamedTuple):
    """A project's folder as it lies there. `name` is its own; `entry` is `module:object`.

    With `is_script`, the entry is the project's own start: a function that runs it, or a file (`module:__main__`).
    `inputs` are those that the start gives its crew, as far as its text tells them and a script does not give them
    itself; `input_names` are those it gives at all. Of the names of the environment,
    `needs` are those that the code takes for granted, each with the place, `defaulted` those it has a value for, and
    `kept` those whose values lie in `.env`. `notes` tell what does not go along, or was not read.
    """

    root: Path
    name: str
    entry: str
    is_script: bool
    dependencies: list[str]
    files: list[Path]
    environment: list[str]
    needs: dict[str, str]
    defaulted: set[str]
    kept: list[str]
    notes: list[str]
    inputs: dict[str, Any]
    input_names: list[str]


def find_project(target: Path, entry: str | None, choose: Chooser | None = None) -> Project:
    """Reads a folder, or a single Python file. Where `entry` is None, `choose` finds it: a crew or flow, unless another
    one is given.

    Raises:
        CrewFileError: nothing is there, or nothing that can be run, or several things and `entry` chooses none of them.
    """
    if not target.exists():
        raise CrewFileError(f"There is no {target}.")
    root = target.parent if target.is_file() else target
    paths = [target] if target.is_file() else sorted(_files(root))
    links = [path.relative_to(root).as_posix() for path in paths if path.is_symlink() and path != target]
    files = [path for path in paths if not path.is_symlink() or path == target]
    described = read_toml(root / "pyproject.toml") if target.is_dir() else {}
    sources, unread = _trees(files)
    try:
        chosen = entry or (choose or _entry)(root, sources, described)
        is_script = _is_script(chosen, root, sources)
    except CrewFileError:
        if unread:
            raise unread[0] from None  # what was looked for may be in there
        raise
    inputs = _inputs(root, sources, chosen)
    notes = [dated(name, inputs.values[name]) for name in inputs.of_today if not is_script]
    notes += [f"Left out, because links are not followed: {', '.join(links)}."] if links else []
    if keys := [path.relative_to(root).as_posix() for path in files if OF_KEYS.search(path.name.lower())]:
        notes.append(f"Goes along, and may hold keys: {', '.join(keys)}. Secrets of the group are the place for them.")
    own = described.get("project", {}) or described.get("tool", {}).get("poetry", {})
    return Project(
        root=root,
        name=str(own.get("name") or (target.stem if target.is_file() else root.resolve().name)),
        entry=chosen,
        is_script=is_script,
        dependencies=dependencies(target, described),
        files=[file.relative_to(root) for file in files],
        environment=environment_names(root, files, sources.values()),
        needs=needed_names(root, sources),
        defaulted=defaulted_names(sources.values()),
        kept=kept_names(root),
        notes=[*notes, *(f"{error.message} It goes along unread." for error in unread)],
        inputs={} if is_script else inputs.values,
        input_names=inputs.names,
    )


def find_tool(target: Path, entry: str | None) -> Project:
    """As `find_project`, for a tool of CrewAI."""
    return find_project(target, entry, _tool_entry)


def has_code(target: Path) -> bool:
    """Whether a folder or file brings a crew or flow as Python."""
    if target.is_file():
        return target.suffix == ".py"
    if not target.is_dir():
        return False
    sources, _ = _trees(path for path in _files(target) if not path.is_symlink())
    try:
        return bool(candidates(target, sources) or start_of(target, sources, read_toml(target / "pyproject.toml")))
    except CrewFileError:
        return False  # whoever reads it as a crew tells what is wrong with it


def _files(root: Path) -> Iterator[Path]:
    """Files, and links to whatever."""
    for path in root.iterdir():
        if path.name in LEFT_OUT or path.name.startswith("."):
            continue
        if path.is_symlink() or not path.is_dir():
            yield path
        elif not (path / "pyvenv.cfg").exists():
            yield from _files(path)


def _trees(files: Iterable[Path]) -> tuple[dict[Path, ast.Module], list[CrewFileError]]:
    """The Python files as trees, and what is wrong with those that are none: templates, code of Python 2."""
    trees: dict[Path, ast.Module] = {}
    faults: list[CrewFileError] = []
    for file in files:
        if file.suffix == ".py":
            try:
                trees[file] = tree_of(file)
            except CrewFileError as fault:
                faults.append(fault)
    return trees, faults


def _entry(root: Path, sources: Mapping[Path, ast.Module], described: Mapping[str, Any]) -> str:
    found = candidates(root, sources)
    _refuse_inner(root, [one.file for one in found])
    start = start_of(root, sources, described)
    if wanted := described.get("tool", {}).get("crewai", {}).get("type"):
        found = [one for one in found if one.kind == wanted] or found
    # A flow runs its crews: where there is one, it is what the project is.
    chosen = [one for one in found if one.kind == "flow"] or found
    made = made_by_start(start, root, sources) if start else set[str]()
    if len(chosen) > 1:
        chosen = [one for one in chosen if one.name in made] or chosen
    others = made_with_arguments(sources)
    if made.isdisjoint(one.name for one in chosen):
        others.add("Crew")
    # What the start makes may be something else than was found, or need arguments that only it has.
    is_other = not made.isdisjoint(others)
    if len(chosen) == 1 and not is_other and not (start and _only_script(chosen[0], start, root, sources)):
        return chosen[0].entry
    if start:
        return start
    if not chosen:
        asking = starts_with_arguments(root, sources)
        named = f" Functions that run one: {', '.join(asking)}; their parameters become inputs." if asking else ""
        raise CrewFileError(
            f"No crew and no flow was found in {root} that needs no arguments.",
            remedy="Name the object or the function that is run with --entry module:object, or the file with "
            f"--entry module:__main__.{named}",
        )
    names = ", ".join(sorted(one.entry for one in chosen))
    raise CrewFileError(
        f"The project has several things to run: {names}.", remedy="Choose one with --entry module:object."
    )


def _refuse_inner(root: Path, files: Iterable[Path]) -> None:
    """Raises CrewFileError when the folder is no project itself, and what could be run is in projects below it: they
    are imported from there, with packages of their own."""
    if any((root / name).exists() for name in DESCRIBES):
        return
    below = {next((one for one in file.parents if (one / "pyproject.toml").exists()), root) for file in files}
    inner = sorted(str(folder) for folder in below if folder.is_relative_to(root) and folder != root)
    if inner and len(inner) == len(below):
        raise CrewFileError(
            f"{root} is no project itself, and holds: {', '.join(inner)}.", remedy="Name the folder of one of them."
        )


def _tool_entry(root: Path, sources: Mapping[Path, ast.Module], _described: Mapping[str, Any]) -> str:
    found = tools(root, sources)
    if len(found) == 1:
        return found[0]
    told = f"There are several tools: {', '.join(sorted(found))}." if found else f"No tool was found in {root}."
    raise CrewFileError(told, remedy="Name one with --entry module:object.")


def _only_script(one: Candidate, start: str, root: Path, sources: Mapping[Path, ast.Module]) -> bool:
    """Whether only the project's own start runs it as it is: importing the file starts it already, it is started more
    than once, or its inputs are computed, and not asked from a command line: an execution has none."""
    if runs_on_import(sources[one.file]):
        return start.endswith(f":{MAIN}")
    inputs = _inputs(root, sources, one.entry)
    is_computed = bool(inputs.left_out or inputs.repeats)
    return one.kind == "crew" and is_computed and not asks_for_arguments(steps_of(start, root, sources))


def _inputs(root: Path, sources: Mapping[Path, ast.Module], entry: str) -> RunInputs:
    file = modules(root, sources).get(entry.partition(":")[0])
    return NOTHING_READ if file is None else read_inputs(Sources(root), file)


def _is_script(entry: str, root: Path, sources: Mapping[Path, ast.Module]) -> bool:
    """Raises `CrewFileError` when there is no such module."""
    module, _, name = entry.partition(":")
    file = modules(root, sources).get(module)
    if file is None or not name:
        raise CrewFileError(f"The project has no module {module}.", remedy="Name the entry as module:object.")
    makes = {one.entry for one in candidates(root, sources)}
    return name == MAIN or (name in functions(sources[file]) and entry not in makes)
