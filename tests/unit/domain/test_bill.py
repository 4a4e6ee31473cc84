"""What an execution costs, against calculations by hand."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from tests.aws_table import NOW, execution

from stepcrew.domain.bill import Basis, cost_of, lines, summary, transitions
from stepcrew.domain.errors import InvalidRequest
from stepcrew.domain.execution import Execution, Status, Usage
from stepcrew.domain.journal import JournalEntry
from stepcrew.domain.metering import Metered
from stepcrew.domain.price_book import Priced, names, price_book

REGION = "us-east-1"
BOOK = price_book(REGION)
ONE_ATTEMPT = Metered(
    attempts=1,
    mb_ms=1769 * 180_000,
    write_units=60,
    read_units=10.5,
    object_writes=2,
    object_reads=1,
    messages=8,
    message_requests=9,
    stored_units=130,
)


def ended(**more: Any) -> Execution:
    """Of three minutes, in one attempt."""
    fields: dict[str, Any] = {
        "status": Status.COMPLETED,
        "attempt": 1,
        "started_at": NOW,
        "updated_at": NOW + timedelta(minutes=3),
        "ended_at": NOW + timedelta(minutes=3),
        "metered": ONE_ATTEMPT,
        "usage": Usage(model_calls=5, total_tokens=1000, cost_usd=Decimal("0.0125")),
        **more,
    }
    return execution().model_copy(update=fields)


def entry(nth: int, usd: str | None, **more: Any) -> JournalEntry:
    used = {"prompt": 150, "completion": 50}
    fields = {"kind": "model", "state": "answered", "scope": "research", "digest": "d" * 64, "nth": nth, "attempt": 1}
    told = {"written_at": NOW, "name": "openai/gpt-4.1-mini", "agent": "Researcher", "usage": used, "cost_usd": usd}
    return JournalEntry.model_validate({**fields, **told, **more})


def test_the_bill_is_what_a_calculation_by_hand_comes_to() -> None:
    found = summary(ended(), BOOK, region=REGION)
    gb_seconds = (
        Decimal(1769 * 180_000) / 1_024_000  # the runner
        + 8 * Decimal(512 * 60) / 1_024_000  # the trace sink
        + Decimal(1024 * 300) / 1_024_000  # the API
        + Decimal(512 * 200) / 1_024_000  # the announcer
    )
    # The record is below one kilobyte: 2 units with its status in the index, 2 in a transaction.
    writes = 60 + 2 + 130 + 8 * (2 + 2) + (2 + 4 + 4) + 2 + 18
    expected = (
        gb_seconds * Decimal("0.0000133334")
        + (1 + 8 + 1 + 1) * Decimal("0.0000002")  # invocations
        + 4 * Decimal("0.000025")  # MarkRunning, RunCrew, ChooseNext, Finish
        + writes * Decimal("0.000000625")
        + (Decimal("10.5") + 8) * Decimal("0.000000125")
        + (2 * 9 + 8) * Decimal("0.0000005")  # sent, received, deleted
        + 2 * Decimal("0.000005")
        + 1 * Decimal("0.0000004")
        + 1 * Decimal("0.000001")  # the request that submitted it
        + 1 * Decimal("0.000001")  # the event of its end
        + Decimal((8 + 1 + 1) * 500 + 1_200) / 10**9 * Decimal("0.50")
    )
    assert len(ended().model_dump_json(exclude_defaults=True)) < 1024
    assert found.infrastructure_usd == expected
    assert round(found.infrastructure_usd, 6) == Decimal("0.004446")
    assert (found.model_usd, found.total_usd) == (Decimal("0.0125"), Decimal("0.0125") + expected)
    assert (found.price_book, found.region, found.estimated) == ("2026-11", REGION, False)


def test_vectors_are_paid_for_by_query_by_what_is_put_and_by_what_queries_read() -> None:
    metered = ONE_ATTEMPT.model_copy(update={"vector_queries": 7, "vector_put_bytes": 3 * 131_072})
    found = cost_of(ended(metered=metered), [], BOOK, region=REGION)
    more = found.infrastructure_usd - cost_of(ended(), [], BOOK, region=REGION).infrastructure_usd
    read = 7 * Decimal("0.0064") * Decimal("0.000004")  # a thousand vectors of 6.4 KB each time
    assert more == 7 * Decimal("0.0000025") + read + Decimal("0.000393216") * Decimal("0.20")
    told = {line.what: (line.quantity, line.basis) for line in found.infrastructure if line.what.startswith("Memory")}
    assert told == {
        "Memory: queries of indexes": (7, Basis.MEASURED),
        "Memory: vectors that queries read": (0.0448, Basis.ASSUMED),
        "Memory: vectors put": (0.000393216, Basis.MEASURED),
    }


def test_the_shares_of_the_model_cost_add_up_to_it() -> None:
    found = cost_of(
        ended(),
        [
            entry(1, "0.004"),
            entry(2, "0.003", scope="write", agent="Writer"),
            entry(3, "0.001", agent="Writer", name="openai/gpt-4.1"),
            entry(4, "0.002", scope="crew", agent=None),
            entry(5, None, kind="tool", name="SearchTool", usage=None),
            entry(6, None, state="lost", usage=None, name="openai/gpt-4.1"),
        ],
        BOOK,
        region=REGION,
    )
    assert found.model_usd == Decimal("0.010")
    assert [(one.name, one.model_usd, one.model_calls) for one in found.by_task] == [
        ("research", Decimal("0.005"), 3),
        ("write", Decimal("0.003"), 1),
        ("crew", Decimal("0.002"), 1),
    ]
    assert [(one.name, one.model_usd) for one in found.by_agent] == [
        ("Researcher", Decimal("0.004")),
        ("Writer", Decimal("0.004")),
        (None, Decimal("0.002")),
    ]
    assert [(one.name, one.model_usd) for one in found.by_model] == [
        ("openai/gpt-4.1-mini", Decimal("0.009")),
        ("openai/gpt-4.1", Decimal("0.001")),
    ]
    assert sum(line.usd for line in found.infrastructure) == found.infrastructure_usd


def test_an_unknown_price_makes_no_sum_that_lacks_something() -> None:
    found = cost_of(ended(), [entry(1, "0.004"), entry(2, None, name="openai/own")], BOOK, region=REGION)
    assert (found.model_usd, found.total_usd) == (None, None)
    assert found.infrastructure_usd > 0
    assert found.notes == ["No price is known for openai/own."]
    assert [(one.name, one.model_usd) for one in found.by_model] == [
        ("openai/own", None),
        ("openai/gpt-4.1-mini", Decimal("0.004")),
    ]


def gb_seconds(one: Execution) -> dict[Basis, float]:
    found = [line for line in lines(one, BOOK) if line.item is Priced.GB_SECONDS and line.what.startswith("Runner")]
    return {line.basis: line.quantity for line in found}


def test_while_it_runs_the_time_until_its_last_news_counts() -> None:
    running = ended(
        status=Status.RUNNING, ended_at=None, metered=None, unmetered_since=NOW + timedelta(minutes=1), memory_mb=1024
    )
    assert gb_seconds(running) == {Basis.COUNTED: 120.0}
    assert summary(running, BOOK, region=REGION).estimated


def test_of_an_attempt_that_died_an_invocation_counts_at_most() -> None:
    dead = ended(
        status=Status.FAILED,
        attempt=2,
        unmetered_since=NOW,
        ended_at=NOW + timedelta(hours=5),
        memory_mb=1024,
        metered=Metered(attempts=1, mb_ms=1024 * 10_000, unsaid_mb_ms=1024 * 1000),
    )
    assert gb_seconds(dead) == {Basis.MEASURED: 10.0, Basis.COUNTED: 901.0}
    found = cost_of(dead, [], BOOK, region=REGION)
    assert (found.estimated, found.notes) == (
        True,
        [
            "Of 1 of its 2 attempts the longest possible time is counted, and no model call that was in flight.",
        ],
    )


def test_calls_that_brought_no_answer_may_be_billed_by_their_provider_and_are_told() -> None:
    lost = entry(2, None, state="lost", usage=None, status=0, reserved_tokens=100)
    refused = entry(3, None, state="lost", usage=None, status=503)
    in_flight = ended(usage=Usage(model_calls=1, cost_usd=Decimal("0.004"), unanswered_calls=2))
    for found, count in (
        (cost_of(ended(), [entry(1, "0.004"), lost, refused], BOOK, region=REGION), 1),
        (cost_of(in_flight, [entry(1, "0.004"), lost], BOOK, region=REGION), 2),
    ):
        told = f"{count} of its model calls brought no answer: their provider may bill what is not in it."
        assert (found.model_usd, found.estimated, found.notes) == (Decimal("0.004"), True, [told])
    assert summary(in_flight, BOOK, region=REGION).estimated
    assert not summary(ended(), BOOK, region=REGION).estimated


@pytest.mark.parametrize(
    ("changes", "states"),
    [
        ({}, 4),
        ({"started_at": None, "attempt": 0, "metered": None, "status": Status.CANCELLED}, 0),
        ({"attempt": 0, "metered": None, "status": Status.FAILED}, 5),
        ({"attempt": 3, "metered": Metered(attempts=3)}, 8),
        ({"attempt": 2, "metered": Metered(attempts=2), "approvals": 1}, 11),
        ({"attempt": 2, "metered": Metered(attempts=1)}, 5),
        ({"attempt": 4, "metered": None, "status": Status.FAILED, "unmetered_since": NOW}, 8),
    ],
)
def test_transitions_follow_from_the_record(changes: dict[str, Any], states: int) -> None:
    assert transitions(ended(**changes)) == states


def test_what_could_not_begin_is_told_to_be_an_estimate() -> None:
    found = cost_of(ended(attempt=0, metered=None, status=Status.FAILED), [], BOOK, region=REGION)
    assert (found.estimated, found.notes) == (
        True,
        ["No attempt could begin, and of what was tried one try is counted."],
    )


def test_a_region_that_the_book_does_not_have_is_told() -> None:
    found = cost_of(ended(), [], price_book("eu-central-1"), region="eu-central-1")
    assert found.notes == ["The price book 2026-11 does not have eu-central-1; these are the prices of us-east-1."]
    assert (found.region, found.estimated) == ("us-east-1", True)


def test_every_book_has_a_price_for_everything_in_each_region() -> None:
    for name in names():
        assert set(price_book(REGION, name).prices) == set(Priced)


def test_a_book_that_is_none_is_refused_with_those_that_are() -> None:
    with pytest.raises(InvalidRequest) as caught:
        price_book(REGION, "../2026-11")
    assert caught.value.faults[0].pointer == "/price_book"
    assert "2026-11" in caught.value.faults[0].remedy
