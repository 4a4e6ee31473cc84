"""What a stack that nobody uses costs, and that the documents say so."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from scripts import idle_costs

from stepcrew_local.layout import ROOT


def test_the_documents_table_is_what_the_template_costs(template: dict[str, Any]) -> None:
    text = (ROOT / "docs/operations.md").read_text()
    reads = idle_costs.INDEX_READS
    assert idle_costs.table(idle_costs.lines(template, reads), idle_costs.lines(template, reads, leave_out=())) in text


def test_the_export_of_traces_costs_an_alarm_and_a_standard_queue(template: dict[str, Any]) -> None:
    without, with_export = (
        idle_costs.totals(idle_costs.lines(template, idle_costs.INDEX_READS, leave_out=left))
        for left in (idle_costs.ON_DEMAND, ())
    )
    expected = Decimal("0.10") + 5 * 3 * 60 * 730 * Decimal("0.0000004")
    assert [more - less for more, less in zip(with_export, without, strict=True)] == [expected, expected]


def test_every_kind_of_resource_was_thought_of(template: dict[str, Any]) -> None:
    kinds = {resource["Type"] for resource in template["Resources"].values()}
    assert kinds == idle_costs.PRICED | idle_costs.COSTS_BY_USE


def test_what_the_readme_promises_holds(template: dict[str, Any]) -> None:
    found = idle_costs.lines(template, idle_costs.INDEX_READS)
    assert sum(line.full for line in found) < 3
    assert sum(line.beyond_free for line in found) < Decimal("1.20")


def test_a_line_counts_what_is_beyond_the_free_amount() -> None:
    line = idle_costs.Line("12 alarms", Decimal(12), Decimal("0.10"), Decimal(10), "cloudwatch")
    assert (line.full, line.beyond_free) == (Decimal("1.20"), Decimal("0.20"))


@pytest.mark.parametrize(
    ("dollars", "text"), [("0", "$0.00"), ("0.0049", "under $0.01"), ("0.005", "$0.01"), ("1.236", "$1.24")]
)
def test_dollars_are_told_to_the_cent(dollars: str, text: str) -> None:
    assert idle_costs.cents(Decimal(dollars)) == text


@pytest.mark.parametrize(
    ("schedule", "minutes"), [("rate(1 minute)", 1), ("rate(5 minutes)", 5), ("rate(2 hours)", 120)]
)
def test_rates_are_read(schedule: str, minutes: int) -> None:
    assert idle_costs.minutes_of(schedule) == minutes


def test_another_schedule_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="no rate"):
        idle_costs.minutes_of("cron(0 0 * * ? *)")
