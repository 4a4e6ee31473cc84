"""What attempts say they used, and who asked for each model call."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from stepcrew.aws.meter import RequestMeter
from stepcrew.domain.execution import Limits
from stepcrew.domain.metering import Metered
from stepcrew.domain.model_prices import ModelPrice
from tests.runner.harness import GROUP, MODEL, Harness

MEMORY_MB = 1024
CREW: dict[str, Any] = {
    "agents": {
        "worker": {"role": "Worker", "goal": "Do it", "backstory": "Has done it before."},
        "checker": {"role": "Checker", "goal": "Check it", "backstory": "Has checked it before."},
    },
    "tasks": [
        {"name": name, "description": "[[say done]]", "expected_output": "Text.", "agent": agent}
        for name, agent in (("work", "worker"), ("check", "checker"))
    ],
}


def metered_attempt(harness: Harness, execution_id: str, seconds: float = 10) -> Metered:
    """One attempt whose invocation began so long ago."""
    meter = RequestMeter(harness.clock.now() - timedelta(seconds=seconds), MEMORY_MB)
    harness.ports = harness.ports._replace(meter=meter)
    harness.attempt(execution_id)
    found = harness.executions.get(GROUP, execution_id).metered
    assert found is not None
    return found


def test_an_attempt_says_what_it_used(harness: Harness) -> None:
    execution_id = harness.submit(CREW)
    found = metered_attempt(harness, execution_id)
    messages = harness.queue.batches
    assert found.attempts == 1
    assert 10_000 * MEMORY_MB <= found.mb_ms < 70_000 * MEMORY_MB
    assert (found.messages, found.message_requests) == (len(messages), len(messages))
    events, lines = len(harness.queue.events(execution_id)), sum(len(one.logs) for one in messages)
    assert events + lines <= found.stored_units <= 3 * (events + lines)
    assert found.unsaid_mb_ms == 0
    assert harness.executions.get(GROUP, execution_id).unmetered_since is None


def test_the_next_attempt_adds_its_own_and_the_time_of_one_that_died(harness: Harness) -> None:
    execution_id = harness.submit(CREW)
    dead = harness.executions.begin_attempt(GROUP, execution_id, harness.clock.now(), MEMORY_MB)
    harness.clock.advance(60)
    found = metered_attempt(harness, execution_id, seconds=10)
    assert dead.attempt == 1
    assert found.attempts == 1
    assert 49_000 * MEMORY_MB <= found.unsaid_mb_ms <= 51_000 * MEMORY_MB


def test_sums_go_over_all_attempts(harness: Harness) -> None:
    execution_id = harness.submit(CREW)
    harness.executions.change(execution_id, metered=Metered(attempts=1, mb_ms=7, write_units=2.5))
    harness.executions.change(execution_id, attempt=1, journalled=True)
    found = metered_attempt(harness, execution_id)
    assert (found.attempts, found.write_units) == (2, 2.5)
    assert found.unsaid_mb_ms == 0


def test_the_journal_names_the_agent_that_asked(harness: Harness) -> None:
    ended = harness.run(CREW)
    entries = harness.journal.entries(GROUP, ended.execution.execution_id)
    assert {(entry.scope, entry.agent) for entry in entries} == {("work", "Worker"), ("check", "Checker")}


def test_the_groups_own_price_of_a_model_counts_for_the_bill_and_the_limit(harness: Harness) -> None:
    own = ModelPrice(input_usd=Decimal(100_000), output_usd=Decimal(0))
    execution_id = harness.submit(CREW, limits=Limits(max_cost_usd=Decimal(1)))
    submission = harness.executions.submission(GROUP, execution_id)
    priced = submission.model_copy(update={"model_prices": {MODEL: own}})
    harness.executions.add(harness.executions.get(GROUP, execution_id), priced)
    answer = harness.attempt(execution_id)
    [entry] = harness.journal.entries(GROUP, execution_id)
    assert entry.usage is not None
    assert entry.cost_usd == Decimal(entry.usage.prompt) / 10 > 1
    error = harness.executions.get(GROUP, execution_id).error
    assert (answer.outcome.value, error and error.type) == ("FAILED", "LimitReached")


def test_tokens_of_the_providers_cache_have_their_own_prices_where_they_are_told() -> None:
    same = ModelPrice(input_usd=Decimal(2), output_usd=Decimal(8))
    apart = same.model_copy(update={"cached_usd": Decimal("0.5"), "written_usd": Decimal("2.5")})
    assert same.usd(1_000, 400, 100, 50) == Decimal("0.0024")
    assert apart.usd(1_000, 400, 100, 50) == Decimal("0.00185")
