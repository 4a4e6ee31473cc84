"""Files that a crew names and cannot be given are told at their places."""

from __future__ import annotations

from hashlib import sha256

from tests.aws_table import NOW
from tests.fakes.files import FakeFiles

from stepcrew.domain.files import GroupFile, media_type_of
from stepcrew.domain.parsing import parse_crew
from stepcrew.domain.shown_files import MOST_SHOWN_BYTES
from stepcrew.services.find_missing_files import FindMissingFiles

AGENT = {"role": "Eye", "goal": "Look", "backstory": "Old"}
TASK = {"name": "look", "description": "Look.", "expected_output": "Text", "agent": "eye"}


def test_a_file_that_is_missing_or_too_large_to_be_shown_is_told_at_its_place() -> None:
    files = FakeFiles()
    for name, size in (("large.png", MOST_SHOWN_BYTES + 1), ("large.pdf", MOST_SHOWN_BYTES + 1), ("fits.png", 9)):
        kind = media_type_of(name) or ""
        file = GroupFile(name=name, bytes=size, media_type=kind, sha256=sha256().hexdigest(), uploaded_at=NOW)
        files.save("group-a", file)
    shown = {"a": "large.png", "b": "fits.png", "c": "none.png"}
    config = {"agents": {"eye": AGENT}, "tasks": [{**TASK, "input_files": shown}]}
    inputs = {"photo": {"file": "large.png"}, "report": {"file": "large.pdf"}}
    found = FindMissingFiles(files)("group-a", parse_crew(config, inputs))
    assert [(one.pointer, one.code) for one in found] == [
        ("/config/tasks/0/input_files/a", "file_too_large"),
        ("/config/tasks/0/input_files/c", "missing_file"),
        ("/inputs/photo", "file_too_large"),
    ]
    coming = FindMissingFiles(files)("group-a", parse_crew(config, {}), ["none.png"])
    assert [one.code for one in coming] == ["file_too_large"]
