"""Files of a group, for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from stepcrew.domain.files import GroupFile, media_type_of
from tests.runner.harness import GROUP, Harness

FACTS = b"Ada likes tea.\nBob likes milk.\nEva likes rain.\n"
UPLOADED = datetime(2026, 1, 1, tzinfo=UTC)


def upload(harness: Harness, content: bytes = FACTS, name: str = "facts.txt", group_id: str = GROUP) -> None:
    file = file_of(name, content)
    harness.files.write(group_id, name, file.sha256, content)
    harness.files.save(group_id, file)


def file_of(name: str, content: bytes) -> GroupFile:
    kind = media_type_of(name) or ""
    return GroupFile(
        name=name, bytes=len(content), media_type=kind, sha256=sha256(content).hexdigest(), uploaded_at=UPLOADED
    )


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
