"""What happens when submissions are repeated, meet each other or are cut off in the middle."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime
from typing import Any

import pytest
from tests.aws_table import GROUP, NOW, TABLE, Aws, FixedClock, emulated_aws
from tests.fakes.budgets import FakeBudgets
from tests.fakes.files import FakeFiles
from tests.fakes.limits import FakeLimits
from tests.fakes.orchestrator import FakeOrchestrator
from tests.fakes.prices import FakePrices
from tests.fakes.registrations import nothing_own
from tests.fakes.secrets import FakeSecrets
from tests.fakes.usage import FakeUsage
from tests.fakes.webhooks import NoWebhooks

from stepcrew.aws.listing import TableListing
from stepcrew.domain.errors import IdempotencyInFlight, IdempotencyMismatch, InvalidRequest
from stepcrew.domain.execution import Execution, Limits, Status
from stepcrew.domain.listing import ListFilter
from stepcrew.domain.models import ModelRules
from stepcrew.domain.submission import IdempotencyRecord, fingerprint
from stepcrew.services.cancel_execution import request_cancel
from stepcrew.services.fill_slots import FillSlots
from stepcrew.services.find_missing_files import FindMissingFiles
from stepcrew.services.find_missing_secrets import FindMissingSecrets
from stepcrew.services.submit_execution import CrewSubmission, SubmitExecution
from stepcrew.services.wake_machine import WakeMachine
from stepcrew.services.watch_budgets import WatchBudgets

AGENT = {"role": "Poet", "goal": "Write", "backstory": "Old"}
TASK = {"description": "Write.", "expected_output": "Text", "agent": "poet"}


RULES = ModelRules("openai/gpt-4.1-mini", ["*"])


class Harness:
    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.orchestrator = FakeOrchestrator()
        self.limits = FakeLimits()
        self.made = 0
        self.secrets = FakeSecrets()
        missing, clock = FindMissingSecrets(self.secrets, {}), FixedClock()
        wake = WakeMachine(aws.approvals, self.orchestrator)
        fill = FillSlots(aws.slots, self.limits, self.orchestrator, wake, clock)
        self.submit = SubmitExecution(
            *(
                aws.executions,
                clock,
                self._new_id,
                RULES,
                self.limits,
                aws.crews,
                missing,
                FindMissingFiles(FakeFiles()),
                fill,
                NoWebhooks(),
            ),
            *(nothing_own, FakePrices(), WatchBudgets(FakeBudgets(), FakeUsage(), clock), 30),
        )

    def _new_id(self) -> str:
        self.made += 1
        return f"01936a3c-0000-7000-8000-{self.made:012}"

    def stored(self) -> list[Execution]:
        found = TableListing(self.aws.clients, TABLE).newest(GROUP, ListFilter(), before=None, limit=10)
        return found.executions


@pytest.fixture
def harness() -> Generator[Harness]:
    with emulated_aws() as aws:
        yield Harness(aws)


def request(key: str | None = "k", **changes: Any) -> CrewSubmission:
    config = {"agents": {"poet": AGENT}, "tasks": {"one": TASK, "two": TASK}, **changes}
    return CrewSubmission(GROUP, "ada", config, idempotency_key=key)


def test_who_loses_a_race_answers_the_winners_execution(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    winner = harness.submit(request())
    look, looks = harness.aws.executions.idempotency, list[str]()

    def late(group_id: str, key: str, now: datetime) -> IdempotencyRecord | None:
        looks.append(key)
        return look(group_id, key, now) if len(looks) > 1 else None  # the winner wrote after the first look

    monkeypatch.setattr(harness.aws.executions, "idempotency", late)
    loser = harness.submit(request())
    assert (loser.replayed, loser.execution.execution_id) == (True, winner.execution.execution_id)
    assert len(harness.stored()) == 1


def test_a_key_that_is_taken_but_not_readable_yet_is_in_flight(
    harness: Harness, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness.submit(request())

    def nothing(group_id: str, key: str, now: datetime) -> IdempotencyRecord | None:
        return None

    monkeypatch.setattr(harness.aws.executions, "idempotency", nothing)
    with pytest.raises(IdempotencyInFlight) as caught:
        harness.submit(request())
    assert caught.value.retryable


def test_what_was_stored_but_not_started_is_started_by_the_repetition(harness: Harness) -> None:
    harness.orchestrator.outages = 1
    accepted = harness.submit(request())
    [stored] = harness.stored()
    assert (accepted.execution.execution_id, accepted.replayed) == (stored.execution_id, False)
    assert (stored.status, harness.orchestrator.started) == (Status.PENDING, [])
    again = harness.submit(request())
    assert (again.replayed, again.execution.execution_id) == (True, stored.execution_id)
    assert harness.orchestrator.started == [stored.execution_id]


def test_a_repetition_of_what_runs_already_starts_nothing(harness: Harness) -> None:
    first = harness.submit(request())
    harness.aws.executions.begin_attempt(GROUP, first.execution.execution_id, NOW)
    again = harness.submit(request())
    assert (again.replayed, again.execution.status) == (True, Status.RUNNING)
    assert len(harness.orchestrator.started) == 1


def test_the_order_of_the_tasks_is_part_of_the_body_and_other_orders_are_not(harness: Harness) -> None:
    harness.submit(request())
    assert harness.submit(request(tasks={"one": dict(reversed(TASK.items())), "two": TASK})).replayed
    with pytest.raises(IdempotencyMismatch):
        harness.submit(request(tasks={"two": TASK, "one": TASK}))


def test_the_key_of_a_deleted_execution_is_not_used_again(harness: Harness) -> None:
    execution_id = harness.submit(request()).execution.execution_id
    request_cancel(harness.aws.executions, GROUP, execution_id, NOW)
    harness.aws.executions.delete(GROUP, execution_id)
    with pytest.raises(IdempotencyMismatch):
        harness.submit(request())


def test_a_faulty_crew_stores_nothing_and_leaves_the_key_free(harness: Harness) -> None:
    with pytest.raises(InvalidRequest):
        harness.submit(request(tasks={}))
    assert harness.stored() == []
    assert not harness.submit(request()).replayed


def test_without_a_key_every_submission_is_an_execution(harness: Harness) -> None:
    assert {harness.submit(request(None)).replayed for _ in range(2)} == {False}
    assert len(harness.stored()) == 2


def test_inputs_of_more_than_a_megabyte_are_refused(harness: Harness) -> None:
    with pytest.raises(InvalidRequest) as caught:
        harness.submit(request()._replace(inputs={"text": "x" * 1_000_001}))
    assert caught.value.faults[0].pointer == "/inputs"


def test_the_record_names_the_model_only_when_there_is_one(harness: Harness) -> None:
    assert harness.submit(request(None)).execution.model == "openai/gpt-4.1-mini"
    other = {**AGENT, "llm": "anthropic/claude-haiku-4-5"}
    assert harness.submit(request(None, agents={"poet": AGENT, "critic": other})).execution.model is None


def test_the_record_carries_the_fingerprint_of_what_is_stored(harness: Harness) -> None:
    agent = {**AGENT, "llm": {"model": "openai/gpt-4.1", "temperature": 1}, "mcps": ["https://mcp.example/a#tool"]}
    accepted = harness.submit(request(agents={"poet": agent})._replace(inputs={"n": 1.0, "big": 10**30, "text": "é"}))
    stored = harness.aws.executions.submission(GROUP, accepted.execution.execution_id)
    assert accepted.execution.definition_hash == fingerprint(stored)
    assert fingerprint(stored.model_copy(update={"inputs": {}})) != fingerprint(stored)


def test_limits_are_those_of_the_group_where_none_are_asked_for(harness: Harness) -> None:
    harness.limits.cap(max_tokens=500)
    execution = harness.submit(request()._replace(limits=Limits(max_model_calls=7))).execution
    assert execution.limits == Limits(max_model_calls=7, max_tokens=500)


def test_faults_of_the_limits_and_of_the_crew_are_told_together(harness: Harness) -> None:
    harness.limits.cap(timeout_seconds=60)
    with pytest.raises(InvalidRequest) as caught:
        harness.submit(request(tasks={})._replace(limits=Limits(timeout_seconds=61)))
    assert [fault.pointer for fault in caught.value.faults] == ["/config/tasks", "/limits/timeout_seconds"]
    assert harness.stored() == []
