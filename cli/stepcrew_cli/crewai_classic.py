"""CrewAI's classic project: `config/agents.yaml` and `config/tasks.yaml`, with settings in `crew.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

from stepcrew_cli.crew_source import CrewSource
from stepcrew_cli.crewai_code import Part, ProjectCode, read_crew_code, read_main_inputs
from stepcrew_cli.documents import Document, read_document
from stepcrew_cli.errors import CrewFileError

NOT_WRITTEN = "output_file is left out: nothing is written to disk, the output is in the result."


def find_config(folder: Path) -> Path | None:
    """The folder of the two YAML files. Raises CrewFileError when a project holds several."""
    candidates = [folder, folder / "config", *sorted(folder.glob("src/*/config"))]
    found = [path for path in candidates if (path / "agents.yaml").is_file() and (path / "tasks.yaml").is_file()]
    if len(found) > 1:
        listed = ", ".join(str(path) for path in found)
        raise CrewFileError(f"{folder} holds several crews: {listed}.", remedy="Name the folder of one of them.")
    return found[0] if found else None


def load(folder: Path, config_folder: Path) -> CrewSource:
    """`crew.py` beside the config folder decides order, process and settings if it is there; it is never executed."""
    package = config_folder.parent if config_folder.name == "config" else config_folder
    crew_py, main_py = package / "crew.py", package / "main.py"
    code = read_crew_code(crew_py) if crew_py.is_file() else ProjectCode()
    agents = _entries(config_folder / "agents.yaml", code.agents)
    tasks = _entries(config_folder / "tasks.yaml", _in_order(code))
    if not code.crew:
        code.crew = {"process": "sequential"}
    manager = code.crew.get("manager_agent")
    if manager:
        code.crew["manager_agent"] = _keys(code.agents).get(manager, manager)
    notes = [f"{crew_py}: left out, because code of a project is never run: {each}" for each in code.left_out]
    listed: list[Document] = []
    agent_keys, task_keys = _keys(code.agents), _keys(code.tasks)
    for name, task in tasks.items():
        if task.pop("output_file", None):
            notes.append(NOT_WRITTEN)
        context = task.get("context")
        if isinstance(context, list):
            task["context"] = [task_keys.get(str(each), each) for each in cast(list[Any], context)]
        if isinstance(agent := task.get("agent"), str):
            task["agent"] = agent_keys.get(agent, agent)
        listed.append({"name": name, **task})
    config = {"name": folder.resolve().name or "crew", **code.crew, "agents": agents, "tasks": listed}
    inputs = read_main_inputs(main_py) if main_py.is_file() else {}
    return CrewSource({"config": config, "inputs": inputs}, str(folder), notes=list(dict.fromkeys(notes)))


def _keys(parts: list[Part]) -> dict[str, str]:
    """Method name → name of the YAML entry."""
    return {part.method: part.key for part in parts}


def _in_order(code: ProjectCode) -> list[Part]:
    """The tasks as the crew runs them. Raises CrewFileError when it lists one that has no @task method."""
    if code.order is None:
        return code.tasks
    by_method = {part.method: part for part in code.tasks}
    unknown = [method for method in code.order if method not in by_method]
    if unknown:
        raise CrewFileError(f"crew.py lists tasks that are no @task methods: {', '.join(unknown)}.")
    return [by_method[method] for method in code.order]


def _entries(path: Path, parts: list[Part]) -> dict[str, Document]:
    """The YAML entries, in the order of the code where there is code, with the code's settings laid over them."""
    document = read_document(path)
    for name, entry in document.items():
        if not isinstance(entry, dict):
            raise CrewFileError(f"{path}: {name} must be an object (a mapping).")
    if not parts:
        return document
    missing = [part.key for part in parts if part.key not in document]
    if missing:
        raise CrewFileError(f"{path}: crew.py uses {', '.join(missing)}, which is not in the file.")
    return {part.key: {**document[part.key], **part.settings} for part in parts}
