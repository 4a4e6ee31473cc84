from __future__ import annotations

from decimal import Decimal

import pytest
from tests.aws_table import GROUP, TABLE, Aws

from stepcrew.aws.limits import TableLimits
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import GroupLimits
from stepcrew.domain.limits import LimitRules

EVERYONE = LimitRules(GroupLimits(max_tokens=1000), GroupLimits(max_tokens=5000))


def rules(aws: Aws, group_id: str = GROUP) -> LimitRules:
    return TableLimits(aws.clients, TABLE, EVERYONE).limit_rules(group_id)


def test_a_group_without_its_own_has_everyones_rules(aws: Aws) -> None:
    assert rules(aws) == EVERYONE


def test_what_the_operator_wrote_for_a_group_stands_in_for_everyones(aws: Aws) -> None:
    aws.clients.dynamodb.put_item(
        TableName=TABLE,
        Item={
            "PK": {"S": f"GROUP#{GROUP}"},
            "SK": {"S": "LIMITS"},
            "ceilings": {"M": {"max_cost_usd": {"N": "2.5"}, "timeout_seconds": {"N": "600"}}},
        },
    )
    expected = GroupLimits(max_cost_usd=Decimal("2.5"), timeout_seconds=600)
    assert rules(aws) == LimitRules(EVERYONE.defaults, expected)
    assert rules(aws, "other") == EVERYONE


def test_a_malformed_ceiling_stops_submissions_instead_of_being_passed_over(aws: Aws) -> None:
    item = {"PK": {"S": f"GROUP#{GROUP}"}, "SK": {"S": "LIMITS"}, "ceilings": {"M": {"max_token": {"N": "5"}}}}
    aws.clients.dynamodb.put_item(TableName=TABLE, Item=item)  # pyright: ignore[reportArgumentType]
    with pytest.raises(PlatformUnavailable) as caught:
        rules(aws)
    assert "max_token" in caught.value.message


def test_a_group_may_have_a_number_of_open_executions_of_its_own(aws: Aws) -> None:
    assert rules(aws).open_executions == EVERYONE.open_executions
    item = {"PK": {"S": f"GROUP#{GROUP}"}, "SK": {"S": "LIMITS"}, "open_executions": {"N": "7"}}
    aws.clients.dynamodb.put_item(TableName=TABLE, Item=item)
    assert rules(aws).open_executions == 7
    aws.clients.dynamodb.put_item(TableName=TABLE, Item={**item, "open_executions": {"N": "0"}})
    with pytest.raises(PlatformUnavailable):
        rules(aws)
