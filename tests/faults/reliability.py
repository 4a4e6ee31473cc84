"""docs/reliability.md: what the fault matrix found, put into the text of reliability.md beside this file.

The result is the same for every run that finds the same, so a run can compare itself with the document.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from stepcrew_local.layout import ROOT

DOCUMENT = ROOT / "docs/reliability.md"
TEXT = Path(__file__).with_name("reliability.md")
WRITE = "STEPCREW_WRITE_RELIABILITY"
PLACE = re.compile(r"^<!-- table: (\w+) -->$", re.MULTILINE)
Row = tuple[str, ...]
PLAIN: Row = ("what is done", "when", "ends as", "attempts", "model calls", "trace")


class Findings:
    """The tables by name."""

    def __init__(self) -> None:
        self._tables: dict[str, str] = {}

    def add(self, name: str, rows: list[Row], columns: Row = PLAIN) -> None:
        lines = [columns, ("---",) * len(columns), *rows]
        self._tables[name] = "\n".join(f"| {' | '.join(line)} |" for line in lines)

    @property
    def is_whole(self) -> bool:
        """Whether every table was played; a selection of tests leaves some out."""
        return self._tables.keys() == set(PLACE.findall(TEXT.read_text()))

    def compare(self) -> None:
        """Writes the document when asked to, else raises AssertionError when it says something else."""
        text = PLACE.sub(lambda place: self._tables[place[1]], TEXT.read_text())
        if os.environ.get(WRITE):
            DOCUMENT.write_text(text)
        assert DOCUMENT.read_text() == text, f"docs/reliability.md is not what was found: run with {WRITE}=1"
