"""What belongs to a group beside its executions: its secrets and its limits."""

from __future__ import annotations

from collections.abc import Callable, Generator
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from stepcrew.aws.items import item
from stepcrew.aws.limits import TableLimits
from stepcrew.aws.secrets import ParameterSecrets, ParameterSecretStore
from stepcrew.domain.execution import GroupLimits
from stepcrew.domain.limits import LimitRules
from stepcrew.services.ports import LimitStore
from stepcrew.services.secret_ports import Secrets, SecretStore
from tests.aws_table import GROUP, NOW, TABLE, Aws, emulated_aws
from tests.fakes.limits import FakeLimits
from tests.fakes.secrets import FakeSecrets

PREFIX = "/stepcrew"
EVERYONE = LimitRules(GroupLimits(max_tokens=1000), GroupLimits(max_tokens=5000))
CEILINGS = GroupLimits(max_cost_usd=Decimal("2.5"), timeout_seconds=600)


class GroupSettings(NamedTuple):
    """The ports, and what only an operator does: `lend` a key to every group, `limit` one group."""

    store: SecretStore
    values: Secrets
    limits: LimitStore
    lend: Callable[[str, str], object]
    limit: Callable[..., object]


def of_fakes() -> GroupSettings:
    secrets, limits = FakeSecrets(), FakeLimits(EVERYONE)
    return GroupSettings(secrets, secrets, limits, secrets.operator.__setitem__, limits.write)


def of_adapters(aws: Aws) -> GroupSettings:
    def lend(name: str, value: str) -> object:
        return aws.clients.ssm.put_parameter(Name=f"{PREFIX}/operator/{name}", Value=value, Type="SecureString")

    def limit(group_id: str, **rules: Any) -> object:
        written = {
            name: rule.model_dump(exclude_none=True) if isinstance(rule, GroupLimits) else rule
            for name, rule in rules.items()
        }
        key = {"PK": f"GROUP#{group_id}", "SK": "LIMITS"}
        return aws.clients.dynamodb.put_item(TableName=TABLE, Item=item({**key, **written}))

    return GroupSettings(
        ParameterSecretStore(aws.clients, PREFIX, TABLE),
        ParameterSecrets(aws.clients, PREFIX),
        TableLimits(aws.clients, TABLE, EVERYONE),
        lend,
        limit,
    )


@pytest.fixture(params=["adapters", "fakes"])
def group(request: pytest.FixtureRequest) -> Generator[GroupSettings]:
    if request.param == "fakes":
        yield of_fakes()
        return
    with emulated_aws() as aws:
        yield of_adapters(aws)


def put(group: GroupSettings, name: str, value: str = "value", *, group_id: str = GROUP, by: str | None = None) -> None:
    stored = group.store.put(group_id, name, value, set_by=by, now=NOW)
    assert (stored.name, stored.set_at, stored.set_by) == (name, NOW, by)


def test_the_newest_value_of_a_secret_is_the_one_that_is_read(group: GroupSettings) -> None:
    assert group.values.group_secret(GROUP, "KEY") is None
    put(group, "KEY", "old", by="ada@example.com")
    put(group, "KEY", "new", by="bob@example.com")
    assert group.values.group_secret(GROUP, "KEY") == "new"
    assert [(one.name, one.set_by) for one in group.store.secrets(GROUP)] == [("KEY", "bob@example.com")]


def test_secrets_are_listed_by_name(group: GroupSettings) -> None:
    names = [f"KEY_{number:02}" for number in range(12)]  # more than Parameter Store answers at once
    for name in reversed(names):
        put(group, name)
    assert [one.name for one in group.store.secrets(GROUP)] == names


def test_a_secret_is_its_groups_alone(group: GroupSettings) -> None:
    put(group, "KEY", "mine")
    put(group, "KEY", "yours", group_id="demo2")  # a longer id that begins alike
    group.lend("OPENAI_API_KEY", "sk-operator")
    assert (group.values.group_secret(GROUP, "KEY"), group.values.group_secret("demo2", "KEY")) == ("mine", "yours")
    assert group.values.group_secret("other", "KEY") is None
    assert group.values.group_secret(GROUP, "OPENAI_API_KEY") is None
    assert group.store.secrets("other") == []
    group.store.delete("other", "KEY")
    group.store.delete("demo2", "KEY")
    assert group.values.group_secret(GROUP, "KEY") == "mine"


def test_a_secret_that_was_removed_is_gone_and_may_be_removed_again(group: GroupSettings) -> None:
    put(group, "KEY", by="ada@example.com")
    for _ in range(2):
        group.store.delete(GROUP, "KEY")
        assert group.values.group_secret(GROUP, "KEY") is None
        assert group.store.secrets(GROUP) == []
        assert group.store.missing(GROUP, {"KEY"}) == {"KEY"}


def test_what_is_missing_is_asked_of_the_group_and_what_is_not_lent_of_the_operator(group: GroupSettings) -> None:
    put(group, "KEY")
    group.lend("OPENAI_API_KEY", "sk-operator")
    names = {"KEY", "OPENAI_API_KEY", "NEITHER"}
    assert group.store.missing(GROUP, names) == {"OPENAI_API_KEY", "NEITHER"}
    assert group.store.missing("other", names) == names
    assert group.store.not_lent(names) == {"KEY", "NEITHER"}
    assert group.values.operator_secrets() == {"OPENAI_API_KEY": "sk-operator"}


def test_a_group_without_limits_of_its_own_has_everyones(group: GroupSettings) -> None:
    group.limit("other", ceilings=CEILINGS)
    assert group.limits.limit_rules(GROUP) == EVERYONE


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({"ceilings": CEILINGS}, EVERYONE._replace(ceilings=CEILINGS)),
        ({"defaults": CEILINGS}, EVERYONE._replace(defaults=CEILINGS)),
        ({"open_executions": 7}, EVERYONE._replace(open_executions=7)),
        ({"running_executions": 3}, EVERYONE._replace(running_executions=3)),
    ],
    ids=["ceilings", "defaults", "open executions", "running executions"],
)
def test_what_is_written_for_a_group_stands_in_for_that_part_of_everyones(
    group: GroupSettings, own: dict[str, Any], expected: LimitRules
) -> None:
    group.limit(GROUP, **own)
    assert group.limits.limit_rules(GROUP) == expected


def test_what_is_written_last_for_a_group_counts(group: GroupSettings) -> None:
    group.limit(GROUP, open_executions=7)
    group.limit(GROUP, ceilings=CEILINGS)
    assert group.limits.limit_rules(GROUP) == EVERYONE._replace(ceilings=CEILINGS)
