"""Imports a project's entry and prints what it is, as JSON. Run by path, in an environment with the runner's packages.

    python inspect_entry.py ROOT MODULE:OBJECT --object | --script | --tool

Standard library and CrewAI only. The report is the last line of the output; a fault is `{"fault", "file", "line"}`.
Nothing is kicked off: a script is imported up to its first kickoff.
"""

from __future__ import annotations

import builtins
import contextlib
import gc
import importlib
import inspect
import json
import os
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

PLACEHOLDER = re.compile(r"(?<!\{)\{([A-Za-z_][A-Za-z0-9_\-]*)\}(?!\})")
MOST_CHARACTERS = 20_000
BEFORE = dict(os.environ)
KICKOFFS = ("kickoff", "kickoff_async", "akickoff", "kickoff_for_each", "kickoff_for_each_async", "akickoff_for_each")


class Started(BaseException):
    """The code came to its first kickoff, or to a question that only a person can answer."""

    def __init__(self, what: Any = None) -> None:
        super().__init__()
        self.what = what


class NoStorage:
    """Where a crew would remember: the platform's memory takes its place when it runs."""


def report(root: Path, entry: str, kind: str) -> dict[str, Any]:
    is_script = kind == "--script"
    module_name, _, name = entry.partition(":")
    sys.path[:0] = [str(folder) for folder in (root / "src", root) if folder.is_dir()]
    own = folder_of(root, module_name)
    sys.path.insert(0, str(own)) if name == "__main__" else sys.path.append(str(own))
    os.chdir(root)
    sys.argv = [str(own / f"{module_name.rpartition('.')[2]}.py")]
    gc.disable()  # for the short life of this process: collecting between imports takes a fifth of their time
    from crewai import Crew
    from crewai.flow.flow import Flow
    from crewai.memory.storage.factory import set_memory_storage_factory

    set_memory_storage_factory(lambda _spec: NoStorage())
    Flow._skip_auto_memory = True
    stop_at_kickoffs(Crew, Flow)
    module: Any = None
    kicked: Any = None
    try:
        module = importlib.import_module(module_name)
    except Started as started:
        if not is_script:
            return {"fault": f"Importing {module_name} starts it already.", "file": None, "line": None, "starts": True}
        kicked = started.what
    if is_script:
        if module is not None and name != "__main__" and not callable(getattr(module, name, None)):
            return {"fault": f"The module {module_name} has no {name}.", "file": module_name, "line": None}
        crews = [kicked] if isinstance(kicked, Crew) else list(crews_in(module, Crew))
        told = crews_report(crews)
        asked = inspect.signature(getattr(module, name)).parameters if module is not None and name != "__main__" else ()
        return {"kind": "script", **told, "inputs": sorted({*told["inputs"], *asked})}
    found = getattr(module, name, None)
    if found is None:
        return {"fault": f"The module {module_name} has no {name}.", "file": module_name, "line": None}
    made = found() if inspect.isclass(found) else found
    if kind == "--tool":
        return tool_report(made, entry)
    if not isinstance(made, Crew | Flow):
        crew = crew_of(made, Crew)
        made = crew() if callable(crew) else made() if callable(made) else made
    if isinstance(made, Flow):
        state = getattr(made, "state", None)
        fields = state.model_dump(mode="json") if hasattr(state, "model_dump") else dict(state or {})
        return {"kind": "flow", **crews_report([]), "inputs": [k for k in fields if k != "id"]}
    if isinstance(made, Crew):
        return {"kind": "crew", **crews_report([made])}
    what = f"The entry {entry} makes a {type(made).__name__}, not a crew or a flow."
    return {"fault": what, "file": None, "line": None}


def tool_report(made: Any, entry: str) -> dict[str, Any]:
    from crewai.tools import BaseTool

    if not isinstance(made, BaseTool):
        what = f"The entry {entry} makes a {type(made).__name__}, not a tool of CrewAI."
        return {"fault": what, "file": None, "line": None}
    return {
        "kind": "tool",
        "name": made.name,
        "description": made.description,
        "input_schema": made.args_schema.model_json_schema(),
        "environment": environment_of([made]),
        "needs": needs_of([made]),
    }


def environment_of(tools: Iterable[Any]) -> list[str]:
    return sorted({str(variable.name) for tool in tools for variable in getattr(tool, "env_vars", None) or []})


def needs_of(tools: Iterable[Any]) -> dict[str, str]:
    """The variables that tools cannot do without, each with the tool: not what the code sets itself, nor what a tool
    that was made with a key of its own would read."""
    return {
        str(variable.name): f"The tool {tool.name}"[:200]
        for tool in tools
        for variable in getattr(tool, "env_vars", None) or []
        if variable.required
        and variable.default is None
        and os.environ.get(variable.name) == BEFORE.get(variable.name)
        and getattr(tool, "api_key", None) in (None, "", os.environ.get(variable.name))
    }


def folder_of(root: Path, module: str) -> Path:
    """Where the module's file is: a script finds the files beside it."""
    path = module.replace(".", "/")
    for base in (root / "src", root):
        if (base / f"{path}.py").is_file():
            return (base / path).parent
    return root


def stop_at_kickoffs(*classes: Any) -> None:
    def stop(self: Any, *_arguments: Any, **_named: Any) -> Any:
        raise Started(self)

    def ask(*_arguments: Any) -> str:
        raise Started

    for owner in classes:
        for name in KICKOFFS:
            if hasattr(owner, name):
                setattr(owner, name, stop)
    builtins.input = ask


def crews_in(module: Any, crew_class: type[Any]) -> Iterator[Any]:
    """Crew objects of the module, and those that its marked classes make without arguments."""
    for value in list(vars(module).values()) if module is not None else []:
        if isinstance(value, crew_class):
            yield value
        elif inspect.isclass(value) and getattr(value, "is_crew_class", False):
            with contextlib.suppress(Exception):  # it needs what only the running script gives it
                yield crew_of(value(), crew_class)()


def crew_of(made: Any, crew_class: type[Any]) -> Any:
    """What makes the crew of an object: its method `crew`, or the one that says it makes one."""
    methods = inspect.getmembers(type(made), inspect.isfunction)
    found = [name for name, one in methods if one.__annotations__.get("return") in (crew_class, "Crew")]
    return getattr(made, "crew", None) or (getattr(made, found[0]) if len(found) == 1 else None)


def crews_report(crews: Iterable[Any]) -> dict[str, Any]:
    """Agents and tasks of all of them."""
    listed = list(crews)
    agents = {f"agent-{number}": one for number, one in enumerate((one for crew in listed for one in crew.agents), 1)}
    tasks = [task for crew in listed for task in crew.tasks]
    names = {id(one): name for name, one in agents.items()}
    texts = [text for one in agents.values() for text in (one.role, one.goal, one.backstory)]
    texts += [text for one in tasks for text in (one.description, one.expected_output)]
    tools = [tool for one in (*agents.values(), *tasks) for tool in (one.tools or [])]
    processes = {getattr(crew.process, "value", "sequential") for crew in listed}
    return {
        "process": processes.pop() if len(processes) == 1 else "sequential",
        "agents": {
            name: {"role": text(one.role), "goal": text(one.goal), "backstory": text(one.backstory)}
            for name, one in agents.items()
        },
        "tasks": [
            {
                "name": name,
                "description": text(task.description),
                "expected_output": text(task.expected_output),
                "agent": names.get(id(task.agent)),
                "async_execution": bool(task.async_execution),
                "human_input": bool(task.human_input),
            }
            for name, task in zip(task_names(tasks), tasks, strict=True)
        ],
        "inputs": sorted({name for one in texts for name in PLACEHOLDER.findall(one or "")}),
        "tools": sorted({tool.name for tool in tools}),
        "environment": environment_of(tools),
        "needs": needs_of(tools),
    }


def task_names(tasks: list[Any]) -> list[str]:
    """Each once: two tasks of one name are told apart by a number."""
    names: list[str] = []
    for number, task in enumerate(tasks, 1):
        name = (task.name or f"task-{number}")[:150]
        names.append(f"{name}-{number}" if name in names else name)
    return names


def text(value: str | None) -> str:
    """Of what an outline may hold: something, and not too much."""
    return ((value or "").strip() or "-")[:MOST_CHARACTERS]


def fault(error: BaseException, root: Path) -> dict[str, Any]:
    """What went wrong, at the last line of the project's own."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).is_relative_to(root)]
    place = frames[-1] if frames else None
    file = str(Path(place.filename).relative_to(root)) if place else getattr(error, "filename", None)
    line = place.lineno if place else getattr(error, "lineno", None)
    return {"fault": f"{type(error).__name__}: {error}", "file": file, "line": line}


if __name__ == "__main__":
    folder = Path(sys.argv[1]).resolve()
    with contextlib.redirect_stdout(sys.stderr):
        try:
            answer = report(folder, *sys.argv[2:])
        except BaseException as error:  # noqa: BLE001 - whatever a project raises is told
            answer = fault(error, folder)
    print(json.dumps(answer, default=str))
