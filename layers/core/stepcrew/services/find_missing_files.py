"""Tells the files a crew names and its group lacks, before anything is paid for."""

from __future__ import annotations

from collections.abc import Iterator

from stepcrew.domain.errors import Fault
from stepcrew.domain.files import file_uses
from stepcrew.domain.parsing import ParsedCrew
from stepcrew.domain.places import escape
from stepcrew.domain.suggestions import suggest
from stepcrew.services.file_ports import FileStore


class FindMissingFiles:
    """Finds the files that a crew names and its group lacks. Nothing is read where the crew names none."""

    def __init__(self, files: FileStore) -> None:
        self._files = files

    def __call__(self, group_id: str, crew: ParsedCrew) -> Iterator[Fault]:
        """A fault for each place that names one."""
        uses = list(file_uses(crew.definition, crew.inputs))
        if not uses:
            return
        known = [file.name for file in self._files.files(group_id)]
        for use in uses:
            if use.name in known:
                continue
            detail = f"Your group has no file {use.name[:200]!r}."
            remedy = suggest(use.name, known) if known else f"stepcrew files put {use.name[:200]}"
            if use.of_input is None:
                yield crew.places.fault(use.path, "missing_file", detail, remedy)
            else:
                pointer = crew.places.inputs.get(use.of_input, f"/inputs/{escape(use.of_input)}")
                yield Fault(pointer=pointer, code="missing_file", detail=detail, remedy=remedy)
