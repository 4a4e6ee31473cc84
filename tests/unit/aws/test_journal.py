"""The journal in the table: as every journal, and what only the table does."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta

import pytest
from tests.aws_table import GROUP, ID, NOW, RETENTION_DAYS, TABLE, Aws, emulated_aws, execution, submission
from tests.journal_contract import JournalContract, Stored, entry

from stepcrew.domain.execution import Execution, Status

OTHER = "01936a3c-0000-7000-8000-00000000000b"


class TestTableJournal(JournalContract):
    @pytest.fixture
    def stored(self) -> Generator[Stored]:
        with emulated_aws() as aws:
            yield Stored(aws.journal, started(aws), started(aws, OTHER))


def test_a_large_body_is_kept_in_the_bucket() -> None:
    with emulated_aws() as aws:
        begun = started(aws)
        aws.journal.write(begun, entry(body="x" * 500_000))
        (found,) = aws.journal.entries(GROUP, ID)
        assert found.body == ""
        assert found.body_reference is not None
        assert found.body_reference.bytes == 500_000


def test_entries_expire_with_the_execution_and_are_deleted_with_it() -> None:
    with emulated_aws() as aws:
        begun = started(aws)
        aws.journal.write(begun, entry(body="x" * 500_000))
        found = aws.clients.dynamodb.scan(TableName=TABLE)["Items"]
        until = int((begun.created_at + timedelta(days=RETENTION_DAYS)).timestamp())
        kept = [one["expires_at"] for one in found if one["SK"].get("S", "").startswith("JOURNAL#")]
        assert kept == [{"N": str(until)}]
        (large,) = aws.journal.entries(GROUP, ID)
        assert large.body_reference is not None
        assert aws.payloads.get(GROUP, ID, large.body_reference.payload_id)
        aws.executions.finish(begun, Status.COMPLETED, message="Completed.", now=NOW)
        aws.executions.delete(GROUP, ID)
        assert aws.journal.entries(GROUP, ID) == []
        assert aws.payloads.get(GROUP, ID, large.body_reference.payload_id) is None


def started(aws: Aws, execution_id: str = ID) -> Execution:
    aws.executions.create(execution(execution_id), submission(), None)
    return aws.executions.begin_attempt(GROUP, execution_id, NOW)
