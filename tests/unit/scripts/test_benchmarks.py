"""The report of the benchmarks has every row, or says loudly which one it has not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from benchmarks.__main__ import KEPT, PARTS, REPORT, measure
from benchmarks.report import Figure, NotMeasured, kept, text

FIGURE = Figure("Time", "1 s", "≤ 2 s", True, "by a clock")


def works() -> list[Figure]:
    return [FIGURE]


def finds_nothing() -> list[Figure]:
    return []


def cannot() -> Sequence[Figure]:
    raise NotMeasured("There is no browser.")


def test_a_part_that_is_not_measured_is_named_and_takes_no_row_of_the_others_along(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    parts = {"one": works, "two": finds_nothing, "three": cannot, "four": works}
    wrong = measure(list(parts), parts, file)
    assert wrong == ["two was not measured: it has no rows.", "three was not measured: There is no browser."]
    assert {name: one.figures for name, one in kept(file).items()} == {"one": [FIGURE], "four": [FIGURE]}


def test_a_part_that_fails_leaves_what_it_found_last(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    measure(["one"], {"one": works}, file)
    assert measure(["one"], {"one": cannot}, file) != []
    assert kept(file)["one"].figures == [FIGURE]


@pytest.mark.parametrize("part", PARTS)
def test_the_committed_report_has_the_rows_of(part: str) -> None:
    found = kept(KEPT)
    assert all(f"| {one.what} | {one.value} |" in REPORT.read_text() for one in found[part].figures)
    assert REPORT.read_text() == text([(name, found[name]) for name in PARTS])
