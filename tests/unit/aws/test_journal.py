"""The journal in the table: the first entry stands, a beginning gives way to its result, large bodies are elsewhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.aws_table import GROUP, ID, NOW, RETENTION_DAYS, TABLE, Aws, emulated_aws, execution, submission

from stepcrew.domain.execution import Execution, Status
from stepcrew.domain.journal import EntryState, JournalEntry, TokenUsage


def entry(**more: Any) -> JournalEntry:
    fields: dict[str, Any] = {"kind": "model", "state": "answered", "scope": "écrire#1", "digest": "d" * 64, "nth": 1}
    fields |= {"attempt": 1, "written_at": NOW, "body": "answer", "usage": TokenUsage(prompt=1, completion=2)}
    return JournalEntry.model_validate(fields | more)


def test_an_entry_comes_back_as_it_was_written() -> None:
    with emulated_aws() as aws:
        begun = started(aws)
        written = entry(cost_usd="0.000000001", is_binary=True)
        assert aws.journal.write(begun, written) == written
        assert aws.journal.entries(GROUP, ID) == [written]


def test_the_first_answer_stands() -> None:
    with emulated_aws() as aws:
        begun = started(aws)
        first, second = entry(), entry(attempt=2, body="another")
        aws.journal.write(begun, first)
        assert aws.journal.write(begun, second) == first
        assert aws.journal.write(begun, second, again=True) == first
        assert aws.journal.write(begun, entry(nth=2)).nth == 2
        assert len(aws.journal.entries(GROUP, ID)) == 2


def test_a_beginning_gives_way_to_its_result_and_to_a_beginning_that_was_decided() -> None:
    with emulated_aws() as aws:
        begun = started(aws)
        beginning = entry(kind="tool", state="begun", body="")
        aws.journal.write(begun, beginning)
        another = beginning.model_copy(update={"attempt": 2})
        assert aws.journal.write(begun, another) == beginning, "Nobody begins the same call a second time."
        assert aws.journal.write(begun, another, again=True) == another
        assert aws.journal.write(begun, entry(kind="tool", attempt=2)).state is EntryState.ANSWERED


def test_requests_without_an_answer_take_no_answers_place() -> None:
    with emulated_aws() as aws:
        begun = started(aws)
        for number in (1, 2):
            aws.journal.write(begun, entry(state="lost", nth=number, body=""))
        aws.journal.write(begun, entry())
        assert len(aws.journal.entries(GROUP, ID)) == 3


@pytest.mark.parametrize("body", ["x" * 500_000, "é" * 200_000])
def test_a_large_body_is_kept_in_the_bucket(body: str) -> None:
    with emulated_aws() as aws:
        begun = started(aws)
        assert aws.journal.write(begun, entry(body=body)).body == body
        (found,) = aws.journal.entries(GROUP, ID)
        assert found.body == ""
        assert aws.journal.body(GROUP, ID, found) == body


def test_entries_expire_with_the_execution_and_are_deleted_with_it() -> None:
    with emulated_aws() as aws:
        begun = started(aws)
        aws.journal.write(begun, entry(body="x" * 500_000))
        found = aws.clients.dynamodb.scan(TableName=TABLE)["Items"]
        until = int((begun.created_at + timedelta(days=RETENTION_DAYS)).timestamp())
        kept = [one["expires_at"] for one in found if one["SK"].get("S", "").startswith("JOURNAL#")]
        assert kept == [{"N": str(until)}]
        aws.executions.finish(begun, Status.COMPLETED, message="Completed.", now=NOW)
        aws.executions.delete(GROUP, ID)
        assert aws.journal.entries(GROUP, ID) == []
        assert aws.payloads.get(GROUP, ID, f"journal-{entry().entry_id}") is None


def started(aws: Aws) -> Execution:
    aws.executions.create(execution(), submission(), None)
    return aws.executions.begin_attempt(GROUP, ID, NOW)
