"""Files that a group has uploaded, for its crews to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple, cast

from pydantic import BaseModel

from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.errors import Category, StepcrewError
from stepcrew.domain.parts import knowledge_uses
from stepcrew.domain.places import Path

FILE_NAME = r"^\w(?:[\w .()+@,-]{0,148}[\w)])?$"
"""Harmless wherever it is written down again: no folder, no control character, no dot at an end."""
MOST_FILE_BYTES = 50_000_000
MOST_FILES = 1_000
"""Of a group."""
MOST_INPUT_CHARACTERS = 200_000
"""Of a file that is an input: it stands in prompts."""
PDF = "application/pdf"
HTML = "text/html"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
KINDS = {
    "txt": "text/plain",
    "log": "text/plain",
    "md": "text/markdown",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "json": "application/json",
    "jsonl": "application/jsonl",
    "yaml": "application/yaml",
    "yml": "application/yaml",
    "xml": "application/xml",
    "html": HTML,
    "htm": HTML,
    "pdf": PDF,
    "docx": DOCX,
    "xlsx": XLSX,
}
"""Media types by the ending of the name. What none of the constants above names is text in UTF-8."""


class GroupFile(BaseModel):
    """A file as it was uploaded last. `sha256` (hex) is that of its bytes; `uploaded_by` is null where the token of
    the caller names nobody."""

    name: str
    bytes: int
    media_type: str
    sha256: str
    uploaded_at: datetime
    uploaded_by: str | None = None


class FileMissing(StepcrewError):
    """The group has no such file."""

    category = Category.INPUT
    remedy = "stepcrew files list shows those of the group; stepcrew files put FILE uploads one."


class FileUnreadable(StepcrewError):
    """No text can be taken out of a file."""

    category = Category.INPUT


class FileUse(NamedTuple):
    """A file that a crew names: at `path` of its definition, or for the input `of_input`."""

    name: str
    path: Path
    of_input: str | None = None


def media_type_of(name: str) -> str | None:
    """None for a kind of file that nothing here can read."""
    return KINDS.get(name.rpartition(".")[2].lower())


def named_file(value: Any) -> str | None:
    """The file that an input stands for: `{"file": NAME}` and nothing else."""
    if not isinstance(value, dict):
        return None
    given = cast("dict[str, Any]", value)
    name = given.get("file")
    return name if isinstance(name, str) and len(given) == 1 else None


def file_uses(crew: CrewDefinition, inputs: Mapping[str, Any]) -> Iterator[FileUse]:
    """Every file that is named."""
    yield from (FileUse(name, ("files", str(position))) for position, name in enumerate(crew.files))
    for path, _, sources in knowledge_uses(crew):
        for position, source in enumerate(sources):
            if source.file is not None:
                yield FileUse(source.file, (*path, str(position), "file"))
    yield from (FileUse(name, (), key) for key, value in inputs.items() if (name := named_file(value)) is not None)
