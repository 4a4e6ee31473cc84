"""An index shows the table as it was a moment ago. The emulated one never lags, so here its answers are made older."""

from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta
from typing import Any

import pytest
from tests.aws_table import GROUP, ID, NOW, Aws, emulated_aws, execution, submission

from stepcrew.aws import keys
from stepcrew.domain.execution import Status
from stepcrew.services.cancel_execution import request_cancel

LATER = NOW + timedelta(hours=1)


@pytest.fixture
def aws() -> Generator[Aws]:
    with emulated_aws() as emulated:
        emulated.executions.create(execution(), submission(), None)
        yield emulated


def keep_the_index_as_it_is(aws: Aws) -> None:
    """From now on every query of an index is answered as it would be at this moment."""
    entry = {"PK": {"S": keys.execution(GROUP, ID)}, "SK": {"S": keys.EXECUTION}}
    shard = keys.open_shard(GROUP)

    def older(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["asked"] = params["body"].decode() if isinstance(params["body"], bytes) else str(params["body"])

    def answer(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        if keys.OPEN_INDEX in context["asked"] and f'"{shard}"' in context["asked"]:
            parsed["Items"] = [entry]

    events = aws.clients.dynamodb.meta.events
    events.register("before-call.dynamodb.Query", older)
    events.register("after-call.dynamodb.Query", answer)


def swept(aws: Aws) -> list[str]:
    return [one.execution_id for one in aws.executions.open_executions(unchanged_since=LATER)]


def test_an_execution_that_has_ended_is_not_swept_though_the_index_still_has_it(aws: Aws) -> None:
    begun = aws.executions.begin_attempt(GROUP, ID, NOW)
    keep_the_index_as_it_is(aws)
    assert swept(aws) == [ID]
    aws.executions.finish(begun, Status.COMPLETED, message="", now=NOW)
    assert swept(aws) == []


def test_an_execution_that_was_deleted_is_not_swept_though_the_index_still_has_it(aws: Aws) -> None:
    keep_the_index_as_it_is(aws)
    request_cancel(aws.executions, GROUP, ID, NOW)
    aws.executions.delete(GROUP, ID)
    assert swept(aws) == []


def test_an_execution_is_there_at_once_whatever_an_index_says(aws: Aws) -> None:
    asked: list[dict[str, Any]] = []

    def keep(params: dict[str, Any], **_: Any) -> None:
        asked.append(params)

    aws.clients.dynamodb.meta.events.register("provide-client-params.dynamodb.GetItem", keep)
    aws.executions.get(GROUP, ID)
    assert [(each["ConsistentRead"], "IndexName" in each) for each in asked] == [(True, False)]
