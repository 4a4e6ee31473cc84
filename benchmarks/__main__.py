"""`make bench`: measures everything, writes README.md, and fails when a promise does not hold."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import cancel, console, end_to_end, journal, sizes, slices, tracing
from benchmarks.report import Figure

REPORT = Path(__file__).with_name("README.md")


def main() -> int:
    parts = (sizes, tracing, journal, end_to_end, cancel, slices, console)
    figures = [figure for part in parts for figure in part.measure()]
    REPORT.write_text(text(figures))
    print(REPORT.read_text())
    return 0 if all(figure.holds for figure in figures) else 1


def text(figures: list[Figure]) -> str:
    rows = "\n".join(
        f"| {one.what} | {one.value} | {one.bound or '–'} | {'yes' if one.holds else '**no**'} | {one.method} |"
        for one in figures
    )
    return f"""# Benchmarks

Made by `make bench` on {datetime.now(UTC):%Y-%m-%d} with Python {platform.python_version()} on {os.cpu_count()} cores.
Times compare two things measured in turn within one run; absolute times depend on the machine. On AWS, cold starts and
the network come on top; they have not been measured in an account.

| what | measured | promised | holds | how |
|---|---|---|---|---|
{rows}
"""


if __name__ == "__main__":
    sys.exit(main())
