"""Files that models are shown as they are, in the form in which CrewAI hands them to providers."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from crewai_files import FileBytes, ImageFile, PDFFile
from pydantic import Field, JsonValue

from stepcrew.domain.files import PDF, FileUnreadable, file_named, named_file
from stepcrew.domain.shown_files import MOST_SHOWN_BYTES, pictures_in
from stepcrew.services.file_ports import FileStore
from stepcrew_runner.crew.file_texts import checked_kind
from stepcrew_runner.crew.files import stored_file
from stepcrew_runner.crew.group_stores import asked
from stepcrew_runner.gate.companions import Companions


class GroupBytes(FileBytes):
    """Bytes of a file of the group. Whatever is written of it (events, digests) has their hash in their place."""

    data: bytes = Field(exclude=True, repr=False)
    media_type: str
    sha256: str
    size: int

    @property
    def content_type(self) -> str:
        return self.media_type


class ShownFiles:
    """What was read is in the journal: a later attempt shows the same, whatever was uploaded meanwhile. `inputs` are
    those of the submission, files by their names."""

    def __init__(self, companions: Companions, store: FileStore, inputs: Mapping[str, JsonValue]) -> None:
        self._companions = companions
        self._store = store
        self._inputs = inputs
        self._read: dict[str, Any] = {}

    def pictures(self) -> dict[str, Any]:
        """The inputs that are pictures: every task shows them. Raises as `named` does."""
        return {one.key: self._file(one.template) for one in pictures_in(self._inputs)}

    def named(self, templates: Mapping[str, str], inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Raises `FileMissing` and `FileUnreadable`."""
        given = {**inputs, **{key: value for key, value in self._inputs.items() if named_file(value)}}
        return {key: self._file(file_named(template, given)) for key, template in templates.items()}

    def _file(self, name: str) -> Any:
        if name not in self._read:
            kind, sha256, content = asked(self._companions, f"shown file {name}", [], lambda _key: self._stored(name))
            data = base64.b64decode(content)
            source = GroupBytes(data=data, filename=name, media_type=kind, sha256=sha256, size=len(data))
            self._read[name] = (PDFFile if kind == PDF else ImageFile)(source=source)
        return self._read[name]

    def _stored(self, name: str) -> list[str]:
        file, content = stored_file(self._companions, self._store, name)
        if file.bytes > MOST_SHOWN_BYTES:
            told = f"The file {name} has {file.bytes:,} bytes; models are shown {MOST_SHOWN_BYTES:,} at most."
            raise FileUnreadable(told, remedy="Make the picture smaller, or give the pages that matter.")
        return [checked_kind(file, content), file.sha256, base64.b64encode(content).decode()]
