"""What a measurement is, and how it is written down."""

from __future__ import annotations

import statistics
from typing import NamedTuple


class Figure(NamedTuple):
    """One line of the report. `bound` is what we promise; None where nothing is promised."""

    what: str
    value: str
    bound: str | None
    holds: bool
    method: str


def median(values: list[float]) -> float:
    return statistics.median(values)


def spread(values: list[float], unit: str) -> str:
    """Median, with minimum and maximum."""
    return f"{median(values):.2f} {unit} (min {min(values):.2f}, max {max(values):.2f}, n={len(values)})"
