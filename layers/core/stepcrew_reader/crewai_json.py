"""CrewAI's JSON-first project: `crew.jsonc` naming agents, one file each under `agents/`."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any, cast

from stepcrew_reader.crew_source import CrewSource, local_tool_error
from stepcrew_reader.documents import Document, optional_object, read_document
from stepcrew_reader.errors import CrewFileError
from stepcrew_reader.texts import AnyPath


def find(folder: AnyPath, stem: str) -> AnyPath | None:
    """`stem.jsonc` or `stem.json`, the first preferred, as CrewAI does."""
    return next((p for p in (folder / f"{stem}.jsonc", folder / f"{stem}.json") if p.is_file()), None)


def load(crew_file: AnyPath) -> CrewSource:
    crew = read_document(crew_file)
    names = crew.get("agents")
    if not isinstance(names, list) or not names:
        raise CrewFileError(f"{crew_file}: agents must be a list of agent names, one file each under agents/.")
    manager = crew.get("manager_agent")
    wanted: list[Any] = [*names, *([manager] if manager else [])]
    agents: dict[str, Document] = {}
    for name in wanted:
        if not isinstance(name, str):
            raise CrewFileError(
                f"{crew_file}: {name!r} is not the name of an agent.",
                remedy="References to Python objects cannot run here; describe the agent in agents/NAME.jsonc.",
            )
        agents[name] = _agent(crew_file, name)
    inputs = optional_object(crew, "inputs", crew_file)
    tasks: object = crew.get("tasks")
    if not isinstance(tasks, list) or not all(isinstance(task, dict) for task in cast(list[object], tasks)):
        raise CrewFileError(f"{crew_file}: tasks must be a list of objects.")
    for place in (*agents.values(), *cast(list[Document], tasks)):
        _check_tools(place, crew_file.parent)
    config = {"name": crew_file.parent.name or "crew", **crew, "agents": agents}
    return CrewSource({"config": config, "inputs": inputs}, str(crew_file))


def _agent(crew_file: AnyPath, name: str) -> Document:
    path = find(crew_file.parent / "agents", name) if PurePath(name).name == name else None
    if path is None:
        raise CrewFileError(f"{crew_file}: agent {name} has no file agents/{name}.jsonc or agents/{name}.json.")
    agent = read_document(path)
    settings = optional_object(agent, "settings", path)
    return {**agent, **settings}


def _check_tools(place: Document, folder: AnyPath) -> None:
    tools: object = place.get("tools")
    for tool in cast(list[object], tools) if isinstance(tools, list) else []:
        if isinstance(tool, str) and tool.startswith("custom:"):
            raise local_tool_error(folder / "tools" / f"{tool.removeprefix('custom:')}.py")
