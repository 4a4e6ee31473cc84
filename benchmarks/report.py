"""What a measurement is, and how it is written down."""

from __future__ import annotations

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple


class NotMeasured(Exception):
    """Something that a part needs is not there. A report without its rows would look as if nothing were promised."""


class Figure(NamedTuple):
    """One line of the report. `bound` is what we promise; None where nothing is promised."""

    what: str
    value: str
    bound: str | None
    holds: bool
    method: str


class Measured(NamedTuple):
    """What one part found, when, and on what."""

    on: str
    where: str
    figures: Sequence[Figure]


def kept(file: Path, new: Mapping[str, Measured] | None = None) -> dict[str, Measured]:
    """What every part found last, with what is new written into the file."""
    stored: dict[str, dict[str, Any]] = json.loads(file.read_text()) if file.exists() else {}
    found = {
        part: Measured(one["on"], one["where"], [Figure(*figure) for figure in one["figures"]])
        for part, one in stored.items()
    }
    if new:
        found |= new
        file.write_text(json.dumps({part: one._asdict() for part, one in sorted(found.items())}, indent=1) + "\n")
    return found


def text(parts: Sequence[str], found: Mapping[str, Measured]) -> str:
    """`parts` are all there should be, in their order."""
    measured = [(name, found[name]) for name in parts if name in found]
    rows = "\n".join(
        f"| {one.what} | {one.value} | {one.bound or '–'} | {'yes' if one.holds else '**no**'} | {one.method} |"
        for _, part in measured
        for one in part.figures
    )
    told = "\n".join(
        f"- {name}: {found[name].on}, {found[name].where}" if name in found else f"- {name}: **never measured**"
        for name in parts
    )
    return f"""# Benchmarks

`make bench` measures all of this anew, and fails when a promise does not hold or a part could not be measured;
`python -m benchmarks PART…` measures single parts and leaves the other rows as they are. Times compare two things
measured in turn within one run, or are CPU times; absolute times depend on the machine. On AWS, cold starts and the
network come on top; they have not been measured in an account.

| what | measured | promised | holds | how |
|---|---|---|---|---|
{rows}

Measured on:

{told}
"""


def median(values: list[float]) -> float:
    return statistics.median(values)


def spread(values: list[float], unit: str) -> str:
    """Median, with minimum and maximum."""
    return f"{median(values):.2f} {unit} (min {min(values):.2f}, max {max(values):.2f}, n={len(values)})"
