"""The group's files, as far as a crew names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from crewai.tools import BaseTool
from pydantic import BaseModel, Field, JsonValue

from stepcrew.domain.files import (
    MOST_INPUT_CHARACTERS,
    PICTURES,
    FileMissing,
    FileUnreadable,
    GroupFile,
    media_type_of,
    named_file,
)
from stepcrew.domain.knowledge import TextPart
from stepcrew.services.file_ports import FileStore
from stepcrew_runner.crew.file_texts import parts_of
from stepcrew_runner.crew.group_stores import asked
from stepcrew_runner.gate.companions import Companions

MOST_SHOWN = 50_000
"""Characters that one call of the tool answers."""


class ReadFile(NamedTuple):
    """What was read of the bytes with this hash."""

    sha256: str
    parts: list[TextPart]


class CrewFiles:
    """Texts of files. What was read is in the journal: a later attempt is shown the same, whatever was uploaded
    meanwhile."""

    def __init__(self, companions: Companions, store: FileStore) -> None:
        self._companions = companions
        self._store = store
        self._read: dict[str, ReadFile] = {}

    def in_place(self, inputs: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
        """The inputs, with its text in place of each file, and its name in place of a picture. Raises `FileMissing` and
        `FileUnreadable`."""
        return {
            name: value if (file := named_file(value)) is None else self._input(file) for name, value in inputs.items()
        }

    def text(self, name: str) -> str:
        """Raises `FileMissing` and `FileUnreadable`."""
        return "\n\n".join(part.text for part in self.read(name).parts)

    def read(self, name: str) -> ReadFile:
        """Raises as `text` does."""
        if name not in self._read:
            sha256, parts = asked(self._companions, f"file {name}", [], lambda _key: self._stored(name))
            self._read[name] = ReadFile(sha256, [TextPart(*part) for part in parts])
        return self._read[name]

    def _input(self, name: str) -> str:
        if media_type_of(name) in PICTURES:
            return name
        text = self.text(name)
        if len(text) > MOST_INPUT_CHARACTERS:
            raise FileUnreadable(
                f"The file {name} has {len(text):,} characters; as an input it may have {MOST_INPUT_CHARACTERS:,}.",
                remedy="Name it in the crew's files, and give an agent FileReadTool: it reads a part at a time.",
            )
        return text

    def _stored(self, name: str) -> ReadFile:
        file, content = stored_file(self._companions, self._store, name)
        return ReadFile(file.sha256, parts_of(file, content))


def stored_file(companions: Companions, store: FileStore, name: str) -> tuple[GroupFile, bytes]:
    """A file of the group as it is now. Raises `FileMissing`."""
    group_id = companions.execution.group_id
    file = store.file(group_id, name)
    content = store.read(group_id, file) if file else None
    if file is None or content is None:
        raise FileMissing(f"Your group has no file {name}.")
    return file, content


class Reading(BaseModel):
    file_path: str = Field(description="The name of the file.")
    start_line: int = Field(default=1, ge=1, description="The line to begin with; the first is 1.")
    line_count: int | None = Field(default=None, ge=1, description="How many lines; all where it is left out.")


class FileReadTool(BaseTool):
    """As CrewAI's tool of that name, over the files that the crew names."""

    name: str = "Read a file's content"
    description: str = "Reads a file as text."
    args_schema: type[BaseModel] = Reading
    names: list[str]
    read: Callable[[str], str] = Field(exclude=True)

    def model_post_init(self, context: Any, /) -> None:
        self.description = f"Reads the text of one of these files: {', '.join(self.names)}."
        super().model_post_init(context)

    def _run(self, file_path: str, start_line: int = 1, line_count: int | None = None) -> str:
        name = file_path.rpartition("/")[2]
        if name not in self.names:
            return f"There is no file {name}. There are: {', '.join(self.names)}."
        try:
            lines = self.read(name).splitlines(keepends=True)
        except (FileMissing, FileUnreadable) as error:
            return error.message
        end = len(lines) if line_count is None else start_line - 1 + line_count
        text = "".join(lines[start_line - 1 : end])
        if not text and lines:
            return f"The file has {len(lines)} lines."
        if len(text) <= MOST_SHOWN:
            return text
        shown = text[:MOST_SHOWN]
        following = start_line + max(shown.count("\n"), 1)
        return f"{shown}\n[The file goes on: read it from line {following}.]"
