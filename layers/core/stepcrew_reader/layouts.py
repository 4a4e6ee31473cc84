"""A crew file or a project folder of any known layout, read."""

from __future__ import annotations

from stepcrew_reader import crewai_flow, crewai_json
from stepcrew_reader.crew_source import CrewSource
from stepcrew_reader.crewai_project import project
from stepcrew_reader.documents import read_document
from stepcrew_reader.errors import CrewFileError
from stepcrew_reader.texts import AnyPath

CREW_FILES = ("crew.yaml", "crew.yml")
SUFFIXES = frozenset({".json", ".jsonc", ".json5", ".yaml", ".yml"})


def read_crew(path: AnyPath, name: str | None = None) -> CrewSource:
    """The crew in a folder, or in a file; `name` chooses one of several in a Python file. Raises CrewFileError, saying
    what was looked for."""
    try:
        return _folder(path) if path.is_dir() else _file(path, name)
    except (RecursionError, MemoryError) as error:
        raise CrewFileError(
            f"{path} cannot be read: it is nested too deeply, or its parts refer to each other."
        ) from error


def _folder(folder: AnyPath) -> CrewSource:
    for name in (*CREW_FILES, *crewai_flow.FLOW_FILES):
        if (folder / name).is_file():
            return _file(folder / name)
    crew_file = crewai_json.find(folder, "crew")
    if crew_file:
        return _file(crew_file)
    source = project.load_folder(folder)
    if source:
        return source
    raise CrewFileError(
        f"{folder} holds no crew.",
        remedy="Looked for crew.yaml, crew.jsonc, a class under @CrewBase, a call of Crew(…), and config/agents.yaml.",
    )


def _file(path: AnyPath, name: str | None = None) -> CrewSource:
    if path.suffix == ".py":
        return project.load_file(path, name)
    if path.suffix not in SUFFIXES:
        raise CrewFileError(
            f"{path} is not a crew file.",
            remedy="Crew files end in .yaml, .yml, .json, .jsonc or .py; or name a folder.",
        )
    document = read_document(path)
    if crewai_flow.is_flow(document):
        return crewai_flow.load(path, document)
    if isinstance(document.get("agents"), list):
        return crewai_json.load(path)
    if "config" in document:
        return CrewSource(document, str(path), is_verbatim=True)
    if not document.keys() & {"agents", "agents_yaml"}:
        raise CrewFileError(
            f"{path} is not a crew.",
            remedy="It needs agents and tasks, agents_yaml and tasks_yaml, config, or schema: crewai.flow/v1.",
        )
    return CrewSource({"config": document}, str(path), is_verbatim=True)
