"""What executions used is counted once, and the sums are right."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from stepcrew.aws.usage import TableUsage
from stepcrew.domain.execution import Execution, Status, Usage
from stepcrew.domain.journal import JournalEntry
from stepcrew.domain.listing import ExecutionPage, ListFilter
from stepcrew.domain.stored_crew import CrewVersion
from stepcrew.domain.usage_sums import MOST_NAMES, OTHERS, By, Sums, UsageEntry, by_name, entry_of
from stepcrew.services.count_usage import recount
from stepcrew.services.usage_ports import UsageStore
from tests.aws_table import GROUP, NOW, TABLE, emulated_aws, execution
from tests.fakes.usage import FakeUsage

DAY = NOW.date()
AWS = Decimal("0.0044")


class Deleted:
    """`ListingStore` of a group whose executions are all gone."""

    def newest(self, group_id: str, wanted: ListFilter, *, before: str | None, limit: int) -> ExecutionPage:
        return ExecutionPage([], None)


NOTHING = Deleted()


@pytest.fixture(params=["adapter", "fake"])
def usage(request: pytest.FixtureRequest) -> Generator[UsageStore]:
    if request.param == "fake":
        yield FakeUsage()
        return
    with emulated_aws() as aws:
        yield TableUsage(aws.clients, TABLE)


def ended(number: int, status: Status = Status.COMPLETED, days: int = 0, **more: Any) -> Execution:
    at = NOW + timedelta(days=days)
    fields: dict[str, Any] = {"status": status, "started_at": at - timedelta(seconds=90), "ended_at": at, **more}
    made = execution(f"01936a3c-0000-7000-8000-{number:012}", group_id=fields.pop("group_id", GROUP))
    return made.model_copy(update=fields)


def paid(nth: int, usd: str | None = "0.25", **more: Any) -> JournalEntry:
    fields = {"kind": "model", "state": "answered", "scope": "t", "digest": "d" * 64, "nth": nth, "attempt": 1}
    told = {"written_at": NOW, "name": "openai/gpt-4.1-mini", "agent": "Poet", "cost_usd": usd}
    return JournalEntry.model_validate({**fields, **told, "usage": {"prompt": 90, "completion": 10}, **more})


def tool(nth: int, name: str = "SearchTool") -> JournalEntry:
    return paid(nth, None, kind="tool", name=name, usage=None)


def counted(one: Execution, *journal: JournalEntry) -> UsageEntry:
    return entry_of(one, journal, AWS)


def names(usage: UsageStore, by: By, first: date = DAY, last: date = DAY) -> dict[str, Sums]:
    return by_name(usage.sums(GROUP, by, first, last))


def test_an_execution_counts_once_however_often_it_is_told(usage: UsageStore) -> None:
    entry = counted(ended(1), paid(1))
    assert [usage.count(entry) for _ in range(3)] == [True, False, False]
    assert names(usage, By.DAY)[DAY.isoformat()] == Sums(
        executions=1,
        completed=1,
        model_calls=1,
        total_tokens=100,
        seconds=Decimal(90),
        model_usd=Decimal("0.25"),
        infrastructure_usd=AWS,
    )
    assert recount(usage, NOTHING, GROUP, DAY, DAY) == (1, [], [])


def test_sums_are_made_by_every_name(usage: UsageStore) -> None:
    ada: dict[str, Any] = {"submitted_by": "ada", "crew": CrewVersion(name="poems", version=2)}
    usage.count(counted(ended(1, **ada), paid(1), paid(2, agent="Critic"), tool(3), tool(4)))
    usage.count(counted(ended(2, Status.FAILED, source="schedule"), paid(1, name="openai/o3"), tool(2, "ReadTool")))
    crews = names(usage, By.CREW)
    assert {name: (one.executions, one.failed, one.model_usd) for name, one in crews.items()} == {
        "poems": (1, 0, Decimal("0.50")),
        "haiku": (1, 1, Decimal("0.25")),
    }
    assert {name: one.model_calls for name, one in names(usage, By.AGENT).items()} == {"Poet": 2, "Critic": 1}
    assert {name: one.model_usd for name, one in names(usage, By.MODEL).items()} == {
        "openai/gpt-4.1-mini": Decimal("0.50"),
        "openai/o3": Decimal("0.25"),
    }
    assert {name: one.tool_calls for name, one in names(usage, By.TOOL).items()} == {"SearchTool": 2, "ReadTool": 1}
    assert {name: one.executions for name, one in names(usage, By.USER).items()} == {"ada": 1, "": 1}
    assert {name: one.executions for name, one in names(usage, By.SOURCE).items()} == {"api": 1, "schedule": 1}


def test_days_are_those_asked_for_and_groups_stay_apart(usage: UsageStore) -> None:
    for number, days in enumerate((-1, 0, 1)):
        usage.count(counted(ended(number, days=days)))
    usage.count(counted(ended(9, group_id="other")))
    assert list(names(usage, By.DAY)) == [DAY.isoformat()]
    yesterday = DAY - timedelta(days=1)
    assert names(usage, By.CREW, yesterday)["haiku"].executions == 2
    assert len(list(usage.entries(GROUP, yesterday, DAY))) == 2
    assert recount(usage, NOTHING, GROUP, yesterday, DAY) == (2, [], [])


def test_a_price_that_is_not_known_is_told_and_adds_nothing(usage: UsageStore) -> None:
    usage.count(counted(ended(1), paid(1, None, name="openai/own"), paid(2)))
    day = names(usage, By.DAY)[DAY.isoformat()]
    assert (day.unpriced, day.model_usd) == (1, 0)
    assert names(usage, By.MODEL)["openai/gpt-4.1-mini"].model_usd == Decimal("0.25")


def test_more_names_than_a_transaction_takes_count_as_others(usage: UsageStore) -> None:
    journal = [paid(n, agent=f"a{n}", name=f"openai/m{n}") for n in range(60)] + [tool(n, f"t{n}") for n in range(60)]
    assert usage.count(counted(ended(1), *journal))
    for by in (By.AGENT, By.MODEL, By.TOOL):
        found = names(usage, by)
        assert len(found) == MOST_NAMES
        assert found[OTHERS].model_calls + found[OTHERS].tool_calls == 60 - (MOST_NAMES - 1)


def test_without_a_journal_the_record_tells_what_was_paid() -> None:
    used = Usage(model_calls=3, total_tokens=30, cost_usd=Decimal("0.3"))
    [whole] = [part.sums for part in counted(ended(1, usage=used)).parts if part.by is By.DAY]
    assert (whole.model_calls, whole.model_usd) == (3, Decimal("0.3"))


def test_a_recount_finds_a_sum_that_is_wrong() -> None:
    fake = FakeUsage()
    fake.count(counted(ended(1)))
    key = (By.CREW, DAY, "haiku")
    fake.summed[GROUP][key] = fake.summed[GROUP][key].plus(Sums(executions=1))
    [difference] = recount(fake, NOTHING, GROUP, DAY, DAY).differences
    assert (difference[:3], difference.summed.executions, difference.counted_again.executions) == (key, 2, 1)
