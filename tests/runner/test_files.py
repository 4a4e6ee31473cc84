"""Crews read files of their group: as inputs and by a tool, the same in every attempt."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.files import FileUnreadable, GroupFile, media_type_of
from stepcrew_runner.crew.files import FileReadTool, parts_of
from tests.runner.harness import GROUP, Harness, agent, crew, task

UPLOADED = datetime(2026, 1, 1, tzinfo=UTC)
FACTS = b"Ada likes tea.\nBob likes milk.\nEva likes rain.\n"


def upload(harness: Harness, content: bytes = FACTS, name: str = "facts.txt", group_id: str = GROUP) -> None:
    file = file_of(name, content)
    harness.files.put_bytes(group_id, name, file.sha256, content)
    harness.files.save(group_id, file)


def file_of(name: str, content: bytes) -> GroupFile:
    kind = media_type_of(name) or ""
    return GroupFile(
        name=name, bytes=len(content), media_type=kind, sha256=sha256(content).hexdigest(), uploaded_at=UPLOADED
    )


def reading(**arguments: Any) -> dict[str, Any]:
    tool = f"[[tool read_a_files_content {json.dumps(arguments)}]]"
    described = task(f"Read it. {tool} [[say DONE]]")
    return {**crew(described), "agents": {"worker": agent(tools=["FileReadTool"])}, "files": ["facts.txt"]}


def told(model: ScriptedModel, text: str) -> bool:
    return any(text in one.text for one in model.requests)


def test_an_input_that_is_a_file_is_its_text(harness: Harness, model: ScriptedModel) -> None:
    upload(harness)
    ended = harness.run(crew(task("Sum up: {facts} [[say DONE]]")), {"facts": {"file": "facts.txt"}})
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert told(model, "Sum up: Ada likes tea.\nBob likes milk.")


def test_a_later_attempt_is_shown_what_the_first_one_read(harness: Harness, model: ScriptedModel) -> None:
    upload(harness)
    execution_id = harness.submit(crew(task("Sum up: {facts} [[say DONE]]")), {"facts": {"file": "facts.txt"}})
    assert harness.attempt(execution_id).outcome.value == "COMPLETED"
    upload(harness, b"Nobody likes anything.")
    harness.tasks.restore({})
    harness.executions.change(execution_id, status="RUNNING", ended_at=None)
    model.reset()
    assert harness.attempt(execution_id).outcome.value == "COMPLETED"
    assert model.requests == []


def test_a_file_that_is_gone_or_another_groups_ends_the_crew_with_the_reason(harness: Harness) -> None:
    upload(harness, group_id="group-b")
    ended = harness.run(crew(task("Sum up: {facts}")), {"facts": {"file": "facts.txt"}})
    assert ended.outcome == "FAILED"
    assert ended.execution.error is not None
    assert (ended.execution.error.type, ended.execution.error.category.value) == ("FileMissing", "input")


def test_an_input_may_not_be_longer_than_a_prompt_can_be(harness: Harness) -> None:
    upload(harness, b"x" * 200_001)
    ended = harness.run(crew(task("Sum up: {facts}")), {"facts": {"file": "facts.txt"}})
    assert ended.execution.error is not None
    assert "FileReadTool" in ended.execution.error.remedy


def test_an_agent_reads_the_files_that_its_crew_names_and_no_others(harness: Harness, model: ScriptedModel) -> None:
    upload(harness)
    upload(harness, b"SECRET", "other.txt")
    assert harness.run(reading(file_path="facts.txt", start_line=2, line_count=1)).outcome == "COMPLETED"
    assert told(model, "Bob likes milk.")
    assert not told(model, "Eva likes rain.")
    model.reset()
    assert harness.run(reading(file_path="other.txt")).outcome == "COMPLETED"
    assert told(model, "There is no file other.txt. There are: facts.txt.")
    assert not told(model, "SECRET")


def test_a_long_file_is_read_a_part_at_a_time() -> None:
    text = "".join(f"line {number}\n" for number in range(1, 20_001))
    tool = FileReadTool(names=["a.txt"], read=lambda _name: text)
    seen, line = "", 1
    while True:
        part = tool._run("a.txt", line)
        shown, _, more = part.partition("\n[The file goes on: read it from line ")
        seen += shown[: len(shown) if not more else shown.rfind("\n") + 1]
        if not more:
            break
        line = int(more.rstrip(".]"))
    assert seen == text
    assert tool._run("a.txt", 90_000) == "The file has 20000 lines."


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.txt", "\ufeffשלום 世界".encode(), "שלום 世界"),
        ("a.csv", b"a,b\r\n1,2\r\n", "a,b\r\n1,2\r\n"),
        ("empty.md", b"", ""),
    ],
)
def test_text_is_read_as_it_is(name: str, content: bytes, text: str) -> None:
    assert parts_of(file_of(name, content), content) == [("", text)]


def pdf_of(*pages: str) -> bytes:
    """The simplest PDF: one line of text on each page."""
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in range(len(pages)))
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>"]
    font = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    for number, text in enumerate(pages):
        shown = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
        place = f"/MediaBox [0 0 612 792] /Resources {font} /Contents {4 + 2 * number} 0 R"
        objects.append(f"<< /Type /Page /Parent 2 0 R {place} >>")
        objects.append(f"<< /Length {len(shown)} >>\nstream\n{shown}\nendstream")
    body = "".join(f"{number} 0 obj\n{each}\nendobj\n" for number, each in enumerate(objects, 1))
    return f"%PDF-1.4\n{body}trailer << /Root 1 0 R >>\nstartxref\n0\n%%EOF".encode()


def test_the_pages_of_a_pdf_are_read_as_text() -> None:
    content = pdf_of("Ada likes tea.", "", "Bob likes milk.")
    parts = parts_of(file_of("a.pdf", content), content)
    assert parts == [("page 1", "Ada likes tea."), ("page 3", "Bob likes milk.")]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"\xff\xfe\x00", "not text in UTF-8"),
        ("a.pdf", b"%PDF-1.4 broken", "cannot be read as PDF"),
        ("a.pdf", b"", "cannot be read as PDF"),
        ("a.pdf", pdf_of("", ""), "has no text"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(name: str, content: bytes, reason: str) -> None:
    with pytest.raises(FileUnreadable, match=reason):
        parts_of(file_of(name, content), content)
