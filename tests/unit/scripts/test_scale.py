"""The table of limits says what the counts come to."""

from __future__ import annotations

from scripts.scale import A_DAY, BEGIN, DOCUMENT, END, limits, table


def test_the_committed_table_is_what_the_counts_come_to() -> None:
    text = DOCUMENT.read_text()
    assert text.partition(BEGIN)[2].partition(END)[0].strip() == table(), "Run scripts/scale.py."


def test_starts_are_refused_before_one_groups_part_of_the_index_is_full() -> None:
    """So the index needs no more parts than one for each group."""
    by_name = {limit.what: limit for limit in limits()}
    starts = by_name["Step Functions: starts a second"]
    index = by_name["DynamoDB: writes a second of one group's part of the index by group"]
    assert all(index.part(a_day) < starts.part(a_day) for a_day in A_DAY)


def test_every_limit_has_a_source_and_says_what_happens_there() -> None:
    for limit in limits():
        assert limit.source.endswith(".html")
        assert limit.then
