"""A change that makes executions or idle stacks dearer by more than 5 % is seen before it is paid for."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from benchmarks.cost_model import GOAL, KEPT, PACE, costs, looks_of_a_page

MOST = Decimal("1.05")
REMEDY = "Find out why, or write it with python -m benchmarks.cost_model when it is meant."


@pytest.mark.parametrize("what", ["execution_usd", "idle_usd"])
def test_neither_costs_more_than_before(what: str) -> None:
    before = Decimal(json.loads(KEPT.read_text())[what])
    found = costs()
    now = found.execution_usd if what == "execution_usd" else found.idle
    assert now <= before * MOST, f"{what} was {before} and is {now}. {REMEDY}"
    assert now * MOST >= before, f"{what} was {before} and is {now}, which is good. {REMEDY}"


def test_the_reference_execution_costs_what_was_promised() -> None:
    assert costs().execution_usd <= GOAL


def test_a_page_that_looks_more_often_is_dearer() -> None:
    pace = PACE.read_text()
    assert looks_of_a_page(pace.replace("3_000", "500")) > 2 * looks_of_a_page(pace)
