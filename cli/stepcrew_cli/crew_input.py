"""Finding what `run` was pointed at: a request file, a CrewAI project folder, or the name of an example."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stepcrew_cli import crewai_flow, crewai_json
from stepcrew_cli.crew_source import CrewSource
from stepcrew_cli.crewai_project import project
from stepcrew_cli.documents import read_document
from stepcrew_cli.errors import CrewFileError
from stepcrew_cli.places import examples_folder

EXAMPLES = examples_folder()
CREW_FILES = ("crew.yaml", "crew.yml")
SUFFIXES = frozenset({".json", ".jsonc", ".json5", ".yaml", ".yml"})


def load_crew(target: str, examples: Path = EXAMPLES) -> CrewSource:
    """Raises CrewFileError, saying what was looked for, when `target` is none of the known forms."""
    path = Path(target)
    if path.is_dir():
        return _folder(path)
    if path.is_file():
        return _file(path)
    file, _, name = target.rpartition(":")
    if file.endswith(".py") and Path(file).is_file():
        return project.load_file(Path(file), name)
    if path.name == target and (examples / target).is_dir():
        return _folder(examples / target)
    names = example_names(examples)
    raise CrewFileError(
        f"{target} is neither a file, nor a folder, nor an example.",
        remedy=f"Examples: {', '.join(names)}." if names else "",
    )


def load_telling(target: str, tell: Callable[[str], None]) -> CrewSource:
    """The same, with a word about everything that could not come along."""
    source = load_crew(target)
    for note in source.notes:
        tell(note)
    return source


def example_names(examples: Path = EXAMPLES) -> list[str]:
    return sorted(p.name for p in examples.iterdir() if p.is_dir()) if examples.is_dir() else []


def _folder(folder: Path) -> CrewSource:
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


def _file(path: Path) -> CrewSource:
    if path.suffix == ".py":
        return project.load_file(path, None)
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
        return CrewSource(document, str(path))
    if not document.keys() & {"agents", "agents_yaml"}:
        raise CrewFileError(
            f"{path} is not a crew.",
            remedy="It needs agents and tasks, agents_yaml and tasks_yaml, config, or schema: crewai.flow/v1.",
        )
    return CrewSource({"config": document}, str(path))
