"""The report of the benchmarks has every row, or says loudly which one it has not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

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


def test_the_report_is_made_of_what_was_kept_and_names_the_parts_that_were_never_measured() -> None:
    found = kept(KEPT)
    told = REPORT.read_text()
    assert told == text(list(PARTS), found)
    for part in PARTS:
        rows: Sequence[Figure] = found[part].figures if part in found else ()
        assert all(f"| {one.what} | {one.value} |" in told for one in rows)
        assert bool(rows) != (f"- {part}: **never measured**" in told)
