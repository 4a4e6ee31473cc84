"""Reads files in a process of its own, and prints one JSON object with the CPU that it took.

Runs in the runner's environment: python reading_inside.py
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime

PAGES, ROWS = 300, 50_000


def pdf_of(lines: list[str]) -> bytes:
    """A PDF whose pages all have these lines."""
    font = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    shown = "BT /F1 9 Tf 12 TL 50 800 Td " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    kids = " ".join(f"{3 + 2 * number} 0 R" for number in range(PAGES))
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", f"<< /Type /Pages /Kids [{kids}] /Count {PAGES} >>"]
    for number in range(PAGES):
        place = f"/MediaBox [0 0 612 842] /Resources {font} /Contents {4 + 2 * number} 0 R"
        objects += [
            f"<< /Type /Page /Parent 2 0 R {place} >>",
            f"<< /Length {len(shown)} >>\nstream\n{shown}\nendstream",
        ]
    body, offsets = b"%PDF-1.4\n", list[int]()
    for number, each in enumerate(objects, 1):
        offsets.append(len(body))
        body += f"{number} 0 obj\n{each}\nendobj\n".encode()
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    size = len(objects) + 1
    trailer = f"trailer << /Root 1 0 R /Size {size} >>\nstartxref\n{len(body)}\n%%EOF"
    return body + f"xref\n0 {size}\n0000000000 65535 f \n{table}{trailer}".encode()


def main() -> None:
    from stepcrew.domain.files import GroupFile, media_type_of
    from stepcrew_runner.crew.file_texts import parts_of, pieces_of_file
    from stepcrew_runner.knowledge import wiring  # noqa: F401

    def read(name: str, content: bytes) -> float:
        kind = media_type_of(name) or ""
        now = datetime(2026, 1, 1, tzinfo=UTC)
        file = GroupFile(name=name, bytes=len(content), media_type=kind, sha256="", uploaded_at=now)
        before = time.process_time()
        assert pieces_of_file(name, parts_of(file, content))
        return time.process_time() - before

    content = pdf_of(["The quick brown fox jumps over the lazy dog, again."] * 45)
    import pypdf  # noqa: F401

    start_s = time.process_time()
    page_ms = read("a.pdf", content) / PAGES * 1000
    rows_ms = read("a.csv", b"tea,green,3.20,box of twenty bags,in stock,warehouse north 7\n" * ROWS) / ROWS * 1e6
    print(json.dumps({"start_s": start_s, "page_ms": page_ms, "rows_ms": rows_ms}))


if __name__ == "__main__":
    main()
