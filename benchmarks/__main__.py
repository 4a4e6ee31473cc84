"""`make bench`: measures everything, writes README.md, and fails when a promise does not hold or a row is missing.

`python -m benchmarks PART…` measures these parts and leaves the rows of the others as they were measured last.
"""

from __future__ import annotations

import os
import platform
import sys
import traceback
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import (
    cancel,
    cold_start,
    console,
    cost_model,
    end_to_end,
    journal,
    memory,
    reading,
    runner_memory,
    sizes,
    slices,
    starting,
    telling,
    tracing,
)
from benchmarks.report import Figure, Measured, kept, text

REPORT = Path(__file__).with_name("README.md")
KEPT = Path(__file__).with_name("figures.json")
PARTS: dict[str, Callable[[], Sequence[Figure]]] = {
    "sizes": sizes.measure,
    "cold_start": cold_start.measure,
    "runner_memory": runner_memory.measure,
    "tracing": tracing.measure,
    "journal": journal.measure,
    "end_to_end": end_to_end.measure,
    "cancel": cancel.measure,
    "slices": slices.measure,
    "console": console.measure,
    "starting": starting.measure,
    "telling": telling.measure,
    "memory": memory.measure,
    "reading": reading.measure,
    "cost_model": cost_model.measure,
}


def main(names: Sequence[str]) -> int:
    if unknown := set(names) - set(PARTS):
        print(f"There is no part {', '.join(sorted(unknown))}. There are {', '.join(PARTS)}.", file=sys.stderr)
        return 2
    wrong = measure(names or list(PARTS), PARTS, KEPT)
    found = kept(KEPT)
    wrong += [f"{part} was never measured." for part in PARTS if part not in found]
    wrong += [
        f"{one.what}: {one.value}, promised {one.bound}"
        for part in PARTS
        if part in found
        for one in found[part].figures
        if not one.holds
    ]
    REPORT.write_text(text(list(PARTS), found))
    print(REPORT.read_text())
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong else 0


def measure(names: Sequence[str], parts: dict[str, Callable[[], Sequence[Figure]]], file: Path) -> list[str]:
    """Measures parts and keeps what each found at once, so that a later one that fails takes nothing along. Answers
    what went wrong."""
    wrong: list[str] = []
    for name in names:
        try:
            figures = list(parts[name]())
        except Exception as error:  # noqa: BLE001 - the boundary of a part: the others are still measured
            traceback.print_exc()
            wrong.append(f"{name} was not measured: {error}")
            continue
        if not figures:
            wrong.append(f"{name} was not measured: it has no rows.")
            continue
        made = Measured(
            on=f"{datetime.now(UTC):%Y-%m-%d}",
            where=f"Python {platform.python_version()}, {os.cpu_count()} cores",
            figures=figures,
        )
        kept(file, {name: made})
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
