"""What happens when submissions are repeated, meet each other or are cut off in the middle."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime
from typing import Any

import pytest
from tests.aws_table import GROUP, NOW, TABLE, Aws, FixedClock, emulated_aws
from tests.fakes.limits import FakeLimits
from tests.fakes.orchestrator import FakeOrchestrator
from tests.fakes.secrets import FakeSecretStore

from stepcrew.aws.listing import TableListing
from stepcrew.domain.errors import IdempotencyInFlight, IdempotencyMismatch, InvalidRequest
from stepcrew.domain.execution import Execution, Limits, Status
from stepcrew.domain.listing import ListFilter
from stepcrew.domain.references import ModelRules
from stepcrew.domain.submission import IdempotencyRecord, fingerprint
from stepcrew.services.cancel_execution import request_cancel
from stepcrew.services.find_missing_secrets import FindMissingSecrets
from stepcrew.services.submit_execution import CrewSubmission, SubmitExecution

AGENT = {"role": "Poet", "goal": "Write", "backstory": "Old"}
TASK = {"description": "Write.", "expected_output": "Text", "agent": "poet"}


def any_model(name: str) -> bool:
    return bool(name)


RULES = ModelRules("openai/gpt-4.1-mini", "*", any_model)


class Home:
    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.orchestrator = FakeOrchestrator()
        self.limits = FakeLimits()
        self.made = 0
        self.secrets = FakeSecretStore()
        missing = FindMissingSecrets(self.secrets)
        self.submit = SubmitExecution(
            aws.executions, self.orchestrator, FixedClock(), self._new_id, RULES, self.limits, aws.crews, missing, 30
        )

    def _new_id(self) -> str:
        self.made += 1
        return f"01936a3c-0000-7000-8000-{self.made:012}"

    def stored(self) -> list[Execution]:
        found = TableListing(self.aws.clients, TABLE).newest(GROUP, ListFilter(), before=None, limit=10)
        return found.executions


@pytest.fixture
def home() -> Generator[Home]:
    with emulated_aws() as aws:
        yield Home(aws)


def request(key: str | None = "k", **changes: Any) -> CrewSubmission:
    config = {"agents": {"poet": AGENT}, "tasks": {"one": TASK, "two": TASK}, **changes}
    return CrewSubmission(GROUP, "ada", config, idempotency_key=key)


def test_who_loses_a_race_answers_the_winners_execution(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    winner = home.submit(request())
    look, looks = home.aws.executions.idempotency, list[str]()

    def late(group_id: str, key: str, now: datetime) -> IdempotencyRecord | None:
        looks.append(key)
        return look(group_id, key, now) if len(looks) > 1 else None  # the winner wrote after the first look

    monkeypatch.setattr(home.aws.executions, "idempotency", late)
    loser = home.submit(request())
    assert (loser.replayed, loser.execution.execution_id) == (True, winner.execution.execution_id)
    assert len(home.stored()) == 1


def test_a_key_that_is_taken_but_not_readable_yet_is_in_flight(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.submit(request())

    def nothing(group_id: str, key: str, now: datetime) -> IdempotencyRecord | None:
        return None

    monkeypatch.setattr(home.aws.executions, "idempotency", nothing)
    with pytest.raises(IdempotencyInFlight) as caught:
        home.submit(request())
    assert caught.value.retryable


def test_what_was_stored_but_not_started_is_started_by_the_repetition(home: Home) -> None:
    home.orchestrator.outages = 1
    accepted = home.submit(request())
    [stored] = home.stored()
    assert (accepted.execution, accepted.replayed) == (stored, False)
    assert (stored.status, home.orchestrator.started) == (Status.PENDING, [])
    again = home.submit(request())
    assert (again.replayed, again.execution.execution_id) == (True, stored.execution_id)
    assert home.orchestrator.started == [stored.execution_id]


def test_a_repetition_of_what_runs_already_starts_nothing(home: Home) -> None:
    first = home.submit(request())
    home.aws.executions.begin_attempt(GROUP, first.execution.execution_id, NOW)
    again = home.submit(request())
    assert (again.replayed, again.execution.status) == (True, Status.RUNNING)
    assert len(home.orchestrator.started) == 1


def test_the_order_of_the_tasks_is_part_of_the_body_and_other_orders_are_not(home: Home) -> None:
    home.submit(request())
    assert home.submit(request(tasks={"one": dict(reversed(TASK.items())), "two": TASK})).replayed
    with pytest.raises(IdempotencyMismatch):
        home.submit(request(tasks={"two": TASK, "one": TASK}))


def test_the_key_of_a_deleted_execution_is_not_used_again(home: Home) -> None:
    execution_id = home.submit(request()).execution.execution_id
    request_cancel(home.aws.executions, GROUP, execution_id, NOW)
    home.aws.executions.delete(GROUP, execution_id)
    with pytest.raises(IdempotencyMismatch):
        home.submit(request())


def test_a_faulty_crew_stores_nothing_and_leaves_the_key_free(home: Home) -> None:
    with pytest.raises(InvalidRequest):
        home.submit(request(tasks={}))
    assert home.stored() == []
    assert not home.submit(request()).replayed


def test_without_a_key_every_submission_is_an_execution(home: Home) -> None:
    assert {home.submit(request(None)).replayed for _ in range(2)} == {False}
    assert len(home.stored()) == 2


def test_inputs_of_more_than_a_megabyte_are_refused(home: Home) -> None:
    with pytest.raises(InvalidRequest) as caught:
        home.submit(request()._replace(inputs={"text": "x" * 1_000_001}))
    assert caught.value.faults[0].pointer == "/inputs"


def test_the_record_names_the_model_only_when_there_is_one(home: Home) -> None:
    assert home.submit(request(None)).execution.model == "openai/gpt-4.1-mini"
    other = {**AGENT, "llm": "anthropic/claude-haiku-4-5"}
    assert home.submit(request(None, agents={"poet": AGENT, "critic": other})).execution.model is None


def test_the_record_carries_the_fingerprint_of_what_is_stored(home: Home) -> None:
    agent = {**AGENT, "llm": {"model": "openai/gpt-4.1", "temperature": 1}, "mcps": ["https://mcp.example/a#tool"]}
    accepted = home.submit(request(agents={"poet": agent})._replace(inputs={"n": 1.0, "big": 10**30, "text": "é"}))
    stored = home.aws.executions.submission(GROUP, accepted.execution.execution_id)
    assert accepted.execution.definition_hash == fingerprint(stored)
    assert fingerprint(stored.model_copy(update={"inputs": {}})) != fingerprint(stored)


def test_limits_are_those_of_the_group_where_none_are_asked_for(home: Home) -> None:
    home.limits.cap(max_tokens=500)
    execution = home.submit(request()._replace(limits=Limits(max_model_calls=7))).execution
    assert execution.limits == Limits(max_model_calls=7, max_tokens=500)


def test_faults_of_the_limits_and_of_the_crew_are_told_together(home: Home) -> None:
    home.limits.cap(timeout_seconds=60)
    with pytest.raises(InvalidRequest) as caught:
        home.submit(request(tasks={})._replace(limits=Limits(timeout_seconds=61)))
    assert [fault.pointer for fault in caught.value.faults] == ["/config/tasks", "/limits/timeout_seconds"]
    assert home.stored() == []
