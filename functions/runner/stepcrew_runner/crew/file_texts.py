"""The text of a file, by its kind. Files are foreign: what a reader does with a broken one is told, and what unpacks to
more than fits into memory is not opened. The readers are imported when they are needed: most attempts read no file."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from stepcrew.domain.files import DOCX, HTML, PDF, PICTURES, XLSX, FileUnreadable, GroupFile
from stepcrew.domain.knowledge import MOST_CHUNKS, Piece, TextPart, pieces_of
from stepcrew.domain.shown_files import kind_of

MOST_UNPACKED_BYTES = 200_000_000
MOST_CHARACTERS = 20_000_000
TO_SHOW = "Pictures have no text: name it in input_files, to show it to a model that sees."


def parts_of(file: GroupFile, content: bytes) -> list[TextPart]:
    """Its parts that have text; one without any where the file is empty. Raises `FileUnreadable`."""
    if file.media_type in PICTURES:
        raise FileUnreadable(f"The file {file.name} is a picture.", remedy=TO_SHOW)
    read = READERS.get(file.media_type) if content else None
    if read is None:
        text = _decoded(file.name, content)
        _check_size(file.name, len(text))
        return [TextPart("", text)]
    parts: list[TextPart] = []
    characters = 0
    try:
        for part in read(content):
            characters += len(part.text)
            _check_size(file.name, characters)
            parts += [part] if part.text.strip() else []
    except FileUnreadable:
        raise
    except Exception as error:  # a broken file makes its reader raise whatever its parts do
        reason = f"{type(error).__name__}: {error}"[:300].rstrip(".")
        raise FileUnreadable(f"The file {file.name} cannot be read: {reason}.", remedy="Repair it.") from error
    if not parts:
        raise FileUnreadable(f"The file {file.name} has no text.", remedy=TO_SHOW)
    return parts


def checked_kind(file: GroupFile, content: bytes) -> str:
    """What a picture or PDF really is. Raises `FileUnreadable` where that is not what its name says."""
    kind = kind_of(content)
    if kind is None or kind != file.media_type:
        is_instead = f"it begins as {kind} does" if kind else "it begins as none of the kinds that models are shown"
        told = f"The file {file.name} is no {file.media_type}: {is_instead}."
        raise FileUnreadable(told, remedy="Models are shown PNG, JPEG, GIF and WebP pictures, and PDFs.")
    return kind


def pieces_of_file(name: str, parts: list[TextPart]) -> list[Piece]:
    """Raises `FileUnreadable` where there are more than can be known."""
    pieces = pieces_of(parts)
    if len(pieces) > MOST_CHUNKS:
        raise FileUnreadable(
            f"The file {name} is too long to be known: {len(pieces):,} chunks, {MOST_CHUNKS:,} are possible.",
            remedy="Give it in several files.",
        )
    return pieces


def _check_size(name: str, characters: int) -> None:
    if characters > MOST_CHARACTERS:
        raise FileUnreadable(
            f"The file {name} has more than {MOST_CHARACTERS:,} characters of text.", remedy="Give it in several files."
        )


def _decoded(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileUnreadable(f"The file {name} is not text in UTF-8.", remedy="Save it as UTF-8.") from error


def _pdf(content: bytes) -> Iterator[TextPart]:
    from pypdf import PdfReader

    for number, page in enumerate(PdfReader(io.BytesIO(content)).pages, 1):
        yield TextPart(f"page {number}", page.extract_text().strip())


def _docx(content: bytes) -> Iterator[TextPart]:
    """Paragraphs and tables in their order; a row of a table is a line."""
    from docx import Document
    from docx.table import Table

    blocks: list[str] = []
    for block in Document(_unpackable(content)).iter_inner_content():
        if isinstance(block, Table):
            rows = [" | ".join(cell.text.strip() for cell in row.cells) for row in block.rows]
            blocks.append("\n".join(rows))
        else:
            blocks.append(block.text)
    yield TextPart("", "\n\n".join(block for block in blocks if block.strip()))


def _xlsx(content: bytes) -> Iterator[TextPart]:
    """Each sheet as CSV, with the values that were last calculated."""
    from openpyxl import load_workbook

    book: Any = load_workbook(_unpackable(content), read_only=True, data_only=True)
    for sheet in book.worksheets:
        sheet.reset_dimensions()  # what the file says of them would fill each row up to the last column there is
        lines = io.StringIO()
        writer = csv.writer(lines, lineterminator="\n")
        for row in sheet.iter_rows(values_only=True):
            if any(value is not None for value in row):
                writer.writerow(["" if value is None else value for value in row])
            if lines.tell() > MOST_CHARACTERS:
                break
        yield TextPart(f"sheet {sheet.title}", lines.getvalue())


def _html(content: bytes) -> Iterator[TextPart]:
    """What a reader of the page sees."""
    from bs4 import BeautifulSoup

    page = BeautifulSoup(content, "html.parser")
    for unseen in page(["script", "style", "template", "noscript"]):
        unseen.decompose()
    yield TextPart("", page.get_text("\n", strip=True))


def _unpackable(content: bytes) -> io.BytesIO:
    """Raises `FileUnreadable` for a ZIP that is larger than it looks; `zipfile` refuses one that lies about that."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
    if size > MOST_UNPACKED_BYTES:
        raise FileUnreadable(f"The file unpacks to {size:,} bytes, and {MOST_UNPACKED_BYTES:,} are allowed.")
    return io.BytesIO(content)


READERS: dict[str, Callable[[bytes], Iterator[TextPart]]] = {PDF: _pdf, DOCX: _docx, XLSX: _xlsx, HTML: _html}
