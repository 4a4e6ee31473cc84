"""The text of files of every kind, and why some cannot be read."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from docx import Document
from openpyxl import Workbook

from stepcrew.domain.files import FileUnreadable
from stepcrew_runner.crew import file_texts
from stepcrew_runner.crew.file_texts import parts_of
from tests.runner.given_files import file_of, pdf_of


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


def test_the_pages_of_a_pdf_are_read_as_text() -> None:
    content = pdf_of("Ada likes tea.", "", "Bob likes milk.")
    parts = parts_of(file_of("a.pdf", content), content)
    assert parts == [("page 1", "Ada likes tea."), ("page 3", "Bob likes milk.")]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", b"\xff\xfe\x00", "not text in UTF-8"),
        ("a.pdf", b"%PDF-1.4 broken", "cannot be read"),
        ("a.pdf", pdf_of("", ""), "has no text"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(name: str, content: bytes, reason: str) -> None:
    with pytest.raises(FileUnreadable, match=reason):
        parts_of(file_of(name, content), content)


def test_paragraphs_and_tables_of_word_are_read_in_their_order() -> None:
    document, kept = Document(), io.BytesIO()
    document.add_heading("Facts")
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "Ada", "tea"
    document.add_paragraph("שלום 世界")
    document.save(kept)
    [part] = parts_of(file_of("a.docx", kept.getvalue()), kept.getvalue())
    assert part.text == "Facts\n\nAda | tea\n\nשלום 世界"


def test_the_sheets_of_a_workbook_are_read_as_csv() -> None:
    book, kept = Workbook(), io.BytesIO()
    sheet: Any = book.active
    sheet.title = "Prices"
    for row in (["tea", 2.5], [None, None], ["a, b", True]):
        sheet.append(row)
    book.create_sheet("Empty")
    book.save(kept)
    parts = parts_of(file_of("a.xlsx", kept.getvalue()), kept.getvalue())
    assert parts == [("sheet Prices", 'tea,2.5\n"a, b",True\n')]


def test_of_a_web_page_what_its_reader_sees_is_read() -> None:
    page = b"<html><head><title>Tea</title><style>p {}</style></head><body><p>Ada &amp; Bob</p><script>x()</script>"
    assert parts_of(file_of("a.html", page), page) == [("", "Tea\nAda & Bob")]


def test_what_unpacks_to_more_than_memory_holds_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 5_000_000)
    monkeypatch.setattr(file_texts, "MOST_UNPACKED_BYTES", 4_000_000)
    for name in ("a.xlsx", "a.docx"):
        with pytest.raises(FileUnreadable, match="unpacks to 5,000,000 bytes"):
            parts_of(file_of(name, kept.getvalue()), kept.getvalue())


def test_a_file_with_more_text_than_is_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_texts, "MOST_CHARACTERS", 10)
    page = b"<p>More than ten characters.</p>"
    for name in ("a.html", "a.csv"):
        with pytest.raises(FileUnreadable, match="more than 10 characters"):
            parts_of(file_of(name, page), page)


@pytest.mark.parametrize("name", ["a.pdf", "a.docx", "a.xlsx", "a.html"])
def test_an_empty_file_says_nothing_whatever_its_kind(name: str) -> None:
    assert parts_of(file_of(name, b""), b"") == [("", "")]
