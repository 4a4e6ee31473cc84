"""Files that a group has uploaded, for its crews to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Self, cast

from pydantic import BaseModel

from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.errors import Category, StepcrewError
from stepcrew.domain.parts import files_shown_by, knowledge_uses
from stepcrew.domain.placeholders import replaced
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
PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Kinds of files that have no text: models that see are shown them."""
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
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}
"""Media types by the ending of the name. What none of the constants above names is text in UTF-8."""


MOST_TRIES = 2
"""How often reading a file may stop without a word: too large for the function's memory or its time."""
_READING_ENDS = timedelta(minutes=16)
"""Longer than an invocation may last: then whoever read is gone, and anybody may begin."""


class FileState(StrEnum):
    """`READY` to be known: its text can be read, and its chunks are made where there is an embedding model."""

    READING = "reading"
    READY = "ready"
    FAILED = "failed"


class GroupFile(BaseModel):
    """A file as it was uploaded last. `sha256` (hex) is that of its bytes; `uploaded_by` is null where the token of
    the caller names nobody. `embedder` is the model (`provider/model`) its chunks are made with ahead of the first
    execution, null where the operator has none; `reason` says why it could not be read, or has to be read again."""

    name: str
    bytes: int
    media_type: str
    sha256: str
    uploaded_at: datetime
    uploaded_by: str | None = None
    embedder: str | None = None
    state: FileState = FileState.READY
    reason: str | None = None
    chunks: int = 0

    def ended(self, state: FileState, *, reason: str | None = None, chunks: int = 0) -> GroupFile:
        """The file after it was read."""
        return self.model_copy(update={"state": state, "reason": reason, "chunks": chunks})


class Reading(BaseModel):
    """Who reads a file, so that nobody else does at the same time: `reader` is an invocation, which Lambda repeats
    under its id when it failed; `tries` counts how often it has begun."""

    reader: str
    since: datetime
    tries: int = 1

    @classmethod
    def next(cls, before: Self | None, reader: str, now: datetime) -> Self | None:
        """Of the reader that begins now; None while another one reads."""
        if before is None or before.reader != reader:
            is_over = before is None or now - before.since > _READING_ENDS
            return cls(reader=reader, since=now) if is_over else None
        return cls(reader=reader, since=now, tries=before.tries + 1)


class FileMissing(StepcrewError):
    """The group has no such file."""

    category = Category.INPUT
    remedy = "stepcrew files list shows those of the group; stepcrew files put FILE uploads one."


class FileUnreadable(StepcrewError):
    """No text can be taken out of a file."""

    category = Category.INPUT


class FileUse(NamedTuple):
    """A file that a crew names: at `path` of its definition, or for the input `of_input`. `is_shown`: to a model."""

    name: str
    path: Path
    of_input: str | None = None

    @property
    def is_shown(self) -> bool:
        return "input_files" in self.path or media_type_of(self.name) in PICTURES


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


def file_named(template: str, inputs: Mapping[str, Any]) -> str:
    """The name with its inputs: of one that is a file, that file's."""
    return replaced(template, {name: named_file(value) or str(value) for name, value in inputs.items()})


def file_uses(crew: CrewDefinition, inputs: Mapping[str, Any]) -> Iterator[FileUse]:
    """Every file that is named."""
    yield from (FileUse(name, ("files", str(position))) for position, name in enumerate(crew.files))
    for path, _, sources in knowledge_uses(crew):
        for position, source in enumerate(sources):
            if source.file is not None:
                yield FileUse(source.file, (*path, str(position), "file"))
    for shown in files_shown_by(crew):
        if "{" not in (name := file_named(shown.template, inputs)):  # what a flow gives is known when it runs
            yield FileUse(name, shown.path)
    yield from (FileUse(name, (), key) for key, value in inputs.items() if (name := named_file(value)) is not None)
