"""Finding what `run` was pointed at: a request file, a CrewAI project folder, or the name of an example."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stepcrew_cli.places import examples_folder
from stepcrew_reader.crew_source import CrewSource
from stepcrew_reader.errors import CrewFileError
from stepcrew_reader.layouts import read_crew

EXAMPLES = examples_folder()


def load_crew(target: str, examples: Path = EXAMPLES) -> CrewSource:
    """Raises CrewFileError, saying what was looked for, when `target` is none of the known forms."""
    path = Path(target)
    if path.exists():
        return read_crew(path)
    file, _, name = target.rpartition(":")
    if file.endswith(".py") and Path(file).is_file():
        return read_crew(Path(file), name)
    if path.name == target and (examples / target).is_dir():
        return read_crew(examples / target)
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
