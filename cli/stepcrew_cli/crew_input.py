"""Finding what `run` was pointed at: a request file, a CrewAI project folder, or the name of an example."""

from __future__ import annotations

from pathlib import Path

from stepcrew_cli import crewai_classic, crewai_json
from stepcrew_cli.crew_source import CrewSource
from stepcrew_cli.documents import read_document
from stepcrew_cli.errors import CrewFileError

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CREW_FILES = ("crew.yaml", "crew.yml")
SUFFIXES = frozenset({".json", ".jsonc", ".json5", ".yaml", ".yml"})


def load_crew(target: str, examples: Path = EXAMPLES) -> CrewSource:
    """Raises CrewFileError, saying what was looked for, when `target` is none of the known forms."""
    path = Path(target)
    if path.is_dir():
        return _folder(path)
    if path.is_file():
        return _file(path)
    if path.name == target and (examples / target).is_dir():
        return _folder(examples / target)
    names = example_names(examples)
    raise CrewFileError(
        f"{target} is neither a file, nor a folder, nor an example.",
        remedy=f"Examples: {', '.join(names)}." if names else "",
    )


def example_names(examples: Path = EXAMPLES) -> list[str]:
    return sorted(p.name for p in examples.iterdir() if p.is_dir()) if examples.is_dir() else []


def _folder(folder: Path) -> CrewSource:
    for name in CREW_FILES:
        if (folder / name).is_file():
            return _file(folder / name)
    crew_file = crewai_json.find(folder, "crew")
    if crew_file:
        return _file(crew_file)
    config_folder = crewai_classic.find_config(folder)
    if config_folder:
        return crewai_classic.load(folder, config_folder)
    raise CrewFileError(
        f"{folder} holds no crew.",
        remedy="Looked for crew.yaml, crew.jsonc, crew.json, config/agents.yaml and src/*/config/agents.yaml.",
    )


def _file(path: Path) -> CrewSource:
    if path.suffix not in SUFFIXES:
        raise CrewFileError(
            f"{path} is not a crew file.", remedy="Crew files end in .yaml, .yml, .json or .jsonc; or name a folder."
        )
    document = read_document(path)
    if isinstance(document.get("agents"), list):
        return crewai_json.load(path)
    if "config" in document:
        return CrewSource(document, str(path))
    if not document.keys() & {"agents", "agents_yaml"}:
        raise CrewFileError(
            f"{path} is not a crew.", remedy="It needs agents and tasks, agents_yaml and tasks_yaml, or config."
        )
    return CrewSource({"config": document}, str(path))
