"""SECURITY.md names a test for each control, and each of them exists."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text()
HEAD = "| threat | control | test |"
MENTION = re.compile(r"`([\w./-]+\.(?:py|tsx?))(?:::(\w+))?`")


def rows() -> list[list[str]]:
    """The cells of each threat."""
    found: list[list[str]] = []
    for table in PAGE.split(HEAD)[1:]:
        for line in table.splitlines()[2:]:
            if not line.startswith("|"):
                break
            found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def test_each_threat_has_a_control_and_a_test_that_is_named() -> None:
    assert len(rows()) > 35
    assert [row for row in rows() if len(row) != 3 or not all(row) or not MENTION.search(row[2])] == []


def test_each_test_that_is_named_exists() -> None:
    mentioned = {(file, name) for row in rows() for file, name in MENTION.findall(row[2])}
    missing = {
        (file, name)
        for file, name in mentioned
        if not (ROOT / file).is_file() or (name and f"def {name}(" not in (ROOT / file).read_text())
    }
    assert missing == set()
