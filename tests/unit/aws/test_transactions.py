"""Who meets another writer of the same record tries again; who is refused for another reason does not."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from stepcrew.aws import transactions
from stepcrew.aws.transactions import holds, retry_conflicts
from stepcrew.domain.retrying import Patience


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "_PATIENCE", Patience(tries=5, first=0, longest=0))


def cancelled(*codes: str) -> ClientError:
    response: Any = {
        "Error": {"Code": "TransactionCanceledException"},
        "CancellationReasons": [{"Code": code} for code in codes],
    }
    return ClientError(response, "TransactWriteItems")


CONFLICTS = [
    cancelled("TransactionConflict", "None"),
    ClientError({"Error": {"Code": "TransactionConflictException"}}, "UpdateItem"),
]
REFUSALS = [
    cancelled("ConditionalCheckFailed", "None"),
    cancelled("ConditionalCheckFailed", "TransactionConflict"),
    ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "UpdateItem"),
]
FAILURES = [
    cancelled("ValidationError", "None"),
    ClientError({"Error": {"Code": "ValidationException"}}, "UpdateItem"),
]


class Writes:
    """Refused with each of the errors in turn, and then taken."""

    def __init__(self, *errors: ClientError) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return "taken"


@pytest.mark.parametrize("conflict", CONFLICTS)
def test_a_conflict_is_tried_again(conflict: ClientError) -> None:
    writes = Writes(conflict, conflict)
    assert (retry_conflicts(writes), writes.calls) == ("taken", 3)


@pytest.mark.parametrize("error", REFUSALS + FAILURES)
def test_another_refusal_is_raised_at_once(error: ClientError) -> None:
    writes = Writes(error)
    with pytest.raises(ClientError):
        retry_conflicts(writes)
    assert writes.calls == 1


def test_a_conflict_that_stays_is_raised_in_the_end() -> None:
    writes = Writes(*[CONFLICTS[0]] * 9)
    with pytest.raises(ClientError):
        retry_conflicts(writes)
    assert writes.calls == 5


@pytest.mark.parametrize("conflict", CONFLICTS)
def test_a_condition_holds_when_the_write_is_taken_in_the_end(conflict: ClientError) -> None:
    assert holds(Writes(conflict))


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_condition_does_not_hold_when_a_write_or_a_transaction_is_refused(refusal: ClientError) -> None:
    writes = Writes(refusal)
    assert (holds(writes), writes.calls) == (False, 1)


@pytest.mark.parametrize("failure", FAILURES)
def test_another_failure_says_nothing_about_the_condition(failure: ClientError) -> None:
    with pytest.raises(ClientError):
        holds(Writes(failure))
