"""Tells the files a crew names and its group lacks, and those that are too large to be shown to a model, before
anything is paid for."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from stepcrew.domain.errors import Fault
from stepcrew.domain.files import FileUse, GroupFile, file_uses
from stepcrew.domain.parsing import ParsedCrew
from stepcrew.domain.shown_files import MOST_SHOWN_BYTES
from stepcrew.domain.suggestions import suggest
from stepcrew.services.file_ports import FileStore


class FindMissingFiles:
    """Finds the files that a crew names and cannot be given. Nothing is read where the crew names none."""

    def __init__(self, files: FileStore) -> None:
        self._files = files

    def __call__(self, group_id: str, crew: ParsedCrew, coming: Collection[str] = ()) -> Iterator[Fault]:
        """A fault for each place that names one. Those that are `coming` are as good as there."""
        uses = [use for use in file_uses(crew.definition, crew.inputs) if use.name not in coming]
        known = {file.name: file for file in self._files.files(group_id)} if uses else {}
        for use in uses:
            code, detail, remedy = _told(use, known)
            if code and use.of_input is None:
                yield crew.places.fault(use.path, code, detail, remedy)
            elif code and use.of_input is not None:
                yield crew.places.input_fault(use.of_input, code, detail, remedy)


def _told(use: FileUse, known: dict[str, GroupFile]) -> tuple[str, str, str]:
    """Code, detail and remedy; empty where nothing is wrong."""
    file = known.get(use.name)
    if file is None:
        remedy = suggest(use.name, known) if known else f"stepcrew files put {use.name[:200]}"
        return "missing_file", f"Your group has no file {use.name[:200]!r}.", remedy
    if use.is_shown and file.bytes > MOST_SHOWN_BYTES:
        detail = f"The file {use.name!r} has {file.bytes:,} bytes; models are shown {MOST_SHOWN_BYTES:,} at most."
        return "file_too_large", detail, "Make the picture smaller, or give the pages that matter."
    return "", "", ""
