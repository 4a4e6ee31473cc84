"""Imports a project's entry and prints what it is, as JSON. Run by path, in an environment with the runner's packages.

    python inspect_entry.py ROOT MODULE:OBJECT

Standard library and CrewAI only. The report is the last line of the output; a fault is `{"fault", "file", "line"}`.
"""

from __future__ import annotations

import contextlib
import inspect
import json
import os
import re
import sys
import traceback
from pathlib import Path
from typing import Any

PLACEHOLDER = re.compile(r"(?<!\{)\{([A-Za-z_][A-Za-z0-9_\-]*)\}(?!\})")


def report(root: Path, entry: str) -> dict[str, Any]:
    for folder in (root, root / "src"):
        if folder.is_dir():
            sys.path.insert(0, str(folder))
    os.chdir(root)
    from crewai import Crew
    from crewai.flow.flow import Flow

    Flow._skip_auto_memory = True
    module_name, _, name = entry.partition(":")
    module = __import__(module_name, fromlist=[name])
    found = getattr(module, name, None)
    if found is None:
        return {"fault": f"The module {module_name} has no {name}.", "file": module_name, "line": None}
    made = found() if inspect.isclass(found) else found
    if not isinstance(made, Crew | Flow):
        crew = getattr(made, "crew", None)
        made = crew() if callable(crew) else made() if callable(made) else made
    if isinstance(made, Flow):
        state = getattr(made, "state", None)
        fields = state.model_dump(mode="json") if hasattr(state, "model_dump") else dict(state or {})
        return {"kind": "flow", "agents": {}, "tasks": [], "inputs": [k for k in fields if k != "id"], "tools": []}
    if isinstance(made, Crew):
        return crew_report(made)
    return {
        "fault": f"The entry {entry} makes a {type(made).__name__}, not a crew or a flow.",
        "file": None,
        "line": None,
    }


def crew_report(crew: Any) -> dict[str, Any]:
    agents = {f"agent-{number}": one for number, one in enumerate(crew.agents, 1)}
    names = {id(one): name for name, one in agents.items()}
    texts = [text for one in crew.agents for text in (one.role, one.goal, one.backstory)]
    texts += [text for one in crew.tasks for text in (one.description, one.expected_output)]
    tools = {tool.name for one in (*crew.agents, *crew.tasks) for tool in (one.tools or [])}
    return {
        "kind": "crew",
        "process": getattr(crew.process, "value", "sequential"),
        "agents": {
            name: {"role": one.role.strip(), "goal": one.goal.strip(), "backstory": one.backstory.strip()}
            for name, one in agents.items()
        },
        "tasks": [
            {
                "name": task.name or f"task-{number}",
                "description": task.description.strip(),
                "expected_output": (task.expected_output or "").strip(),
                "agent": names.get(id(task.agent)),
                "async_execution": bool(task.async_execution),
                "human_input": bool(task.human_input),
            }
            for number, task in enumerate(crew.tasks, 1)
        ],
        "inputs": sorted({name for text in texts for name in PLACEHOLDER.findall(text or "")}),
        "tools": sorted(tools),
    }


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
            answer = report(folder, sys.argv[2])
        except BaseException as error:  # noqa: BLE001 - whatever a project raises is told
            answer = fault(error, folder)
    print(json.dumps(answer, default=str))
