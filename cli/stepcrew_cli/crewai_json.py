"""CrewAI's JSON-first project: `crew.jsonc` naming agents, one file each under `agents/`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from stepcrew_cli.crew_source import CrewSource, local_tool_error
from stepcrew_cli.documents import Document, read_document
from stepcrew_cli.errors import CrewFileError


def find(folder: Path, stem: str) -> Path | None:
    """`stem.jsonc` or `stem.json`, the first preferred, as CrewAI does."""
    return next((p for p in (folder / f"{stem}.jsonc", folder / f"{stem}.json") if p.is_file()), None)


def load(crew_file: Path) -> CrewSource:
    crew = read_document(crew_file)
    names = crew.get("agents")
    if not isinstance(names, list) or not names:
        raise CrewFileError(f"{crew_file}: agents must be a list of agent names, one file each under agents/.")
    manager = crew.get("manager_agent")
    wanted: list[Any] = [*names, *([manager] if manager else [])]
    agents: dict[str, Document] = {}
    notes: list[str] = []
    for name in wanted:
        if not isinstance(name, str):
            raise CrewFileError(
                f"{crew_file}: {name!r} is not the name of an agent.",
                remedy="References to Python objects cannot run here; describe the agent in agents/NAME.jsonc.",
            )
        agents[name] = _agent(crew_file, name)
    inputs = crew.pop("inputs", None) or {}
    if not isinstance(inputs, dict):
        raise CrewFileError(f"{crew_file}: inputs must be an object.")
    tasks = crew.get("tasks")
    if not isinstance(tasks, list):
        raise CrewFileError(f"{crew_file}: tasks must be a list.")
    for place in (*agents.values(), *(task for task in tasks if isinstance(task, dict))):
        _check_tools(place, crew_file.parent)
        # The folder is used unchanged, so what cannot be honoured is said, not refused.
        if place.pop("output_file", None):
            notes.append("output_file is left out: nothing is written to disk, the output is in the result.")
    config = {"name": crew_file.parent.name or "crew", **crew, "agents": agents}
    return CrewSource({"config": config, "inputs": inputs}, str(crew_file), notes=list(dict.fromkeys(notes)))


def _agent(crew_file: Path, name: str) -> Document:
    path = find(crew_file.parent / "agents", name) if Path(name).name == name else None
    if path is None:
        raise CrewFileError(f"{crew_file}: agent {name} has no file agents/{name}.jsonc or agents/{name}.json.")
    agent = read_document(path)
    settings = agent.pop("settings", None) or {}
    if not isinstance(settings, dict):
        raise CrewFileError(f"{path}: settings must be an object.")
    return {**agent, **settings}


def _check_tools(place: Document, folder: Path) -> None:
    tools = place.get("tools")
    for tool in tools if isinstance(tools, list) else []:
        if isinstance(tool, str) and tool.startswith("custom:"):
            raise local_tool_error(folder / "tools" / f"{tool.removeprefix('custom:')}.py")
