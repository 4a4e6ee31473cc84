"""The table, bucket and queue of the template, in an emulated AWS inside the test process."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from unittest.mock import patch

import boto3
from moto import mock_aws
from moto.backends import get_backend
from moto.core.models import DEFAULT_ACCOUNT_ID

from stepcrew.aws.approvals import TableApprovals
from stepcrew.aws.clients import Clients
from stepcrew.aws.crews import TableCrews
from stepcrew.aws.executions import TableExecutions
from stepcrew.aws.journal import TableJournal
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.slots import TableSlots
from stepcrew.aws.task_outputs import TableTaskOutputs
from stepcrew.aws.traces import TableTraces
from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.execution import Execution, Status
from stepcrew.domain.submission import Submission
from tests.light_moto import light_moto

TABLE, BUCKET = "stepcrew-test", "stepcrew-test-payloads"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
RETENTION_DAYS = 30
GROUP = "demo"
ID = "01936a3c-0000-7000-8000-00000000000a"
TRACEPARENT = f"00-{'a' * 32}-{'b' * 16}-01"
"""The trace of a caller."""
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


class FixedClock:
    """Stands still, until a test moves it."""

    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


class Aws(NamedTuple):
    clients: Clients
    executions: TableExecutions
    tasks: TableTaskOutputs
    traces: TableTraces
    payloads: BucketPayloads
    approvals: TableApprovals
    crews: TableCrews
    journal: TableJournal
    clock: FixedClock
    slots: TableSlots


@cache
def _session() -> boto3.Session:
    """One for the whole process: a new one reads the descriptions of the services again, a quarter of a second each
    test. Made when moto is imported already, which adds itself to every session made from then on."""
    return boto3.Session()


def backend(service: str) -> Any:
    """What stands behind moto's answers for a service."""
    of_service: Any = get_backend
    return of_service(service)[DEFAULT_ACCOUNT_ID]["aws" if service == "s3" else "us-east-1"]


@cache
def _empty_table() -> Any:
    """Made once, as a table is made; each test has a copy, which takes a tenth of the time."""
    Clients().dynamodb.create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}],
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"}
            for name in ("PK", "SK", "group_key", "group_sort", "open_key", "open_sort")
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": "by_group",
                "KeySchema": [
                    {"AttributeName": "group_key", "KeyType": "HASH"},
                    {"AttributeName": "group_sort", "KeyType": "RANGE"},
                ],
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": ["status", "name", "created_at", "expires_at"],
                },
            },
            {
                "IndexName": "open",
                "KeySchema": [
                    {"AttributeName": "open_key", "KeyType": "HASH"},
                    {"AttributeName": "open_sort", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            },
        ],
    )
    return backend("dynamodb").tables[TABLE]


@contextmanager
def emulated_aws() -> Generator[Aws]:
    with patch.dict("os.environ", CREDENTIALS), light_moto(), mock_aws():
        boto3.DEFAULT_SESSION = _session()  # moto removes it at the end
        clock = FixedClock()
        clients = Clients(now=clock.now)
        backend("dynamodb").tables[TABLE] = deepcopy(_empty_table())
        backend("s3").create_bucket(BUCKET, "us-east-1")
        payloads = BucketPayloads(clients, BUCKET)
        yield Aws(
            clients,
            TableExecutions(clients, TABLE, payloads, 30),
            TableTaskOutputs(clients, TABLE, payloads, 30),
            TableTraces(clients, TABLE, 30),
            payloads,
            TableApprovals(clients, TABLE, payloads, 30),
            TableCrews(clients, TABLE),
            TableJournal(clients, TABLE, payloads, RETENTION_DAYS),
            clock,
            TableSlots(clients, TABLE),
        )


def execution(execution_id: str = ID, *, group_id: str = GROUP, name: str = "haiku") -> Execution:
    return Execution(
        execution_id=execution_id,
        group_id=group_id,
        name=name,
        status=Status.PENDING,
        created_at=NOW,
        updated_at=NOW,
        deadline=NOW + timedelta(hours=1),
    )


def submission(text: str = "Write a haiku about {topic}.") -> Submission:
    definition = CrewDefinition.model_validate(
        {
            "agents": {"poet": {"role": "Poet", "goal": "Write", "backstory": "Old"}},
            "tasks": [{"name": "haiku", "description": text, "expected_output": "A haiku", "agent": "poet"}],
        }
    )
    return Submission(definition=definition, inputs={"topic": "rain"})
