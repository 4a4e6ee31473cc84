"""What is told of a budget, and when nothing more is started."""

from __future__ import annotations

from collections.abc import Generator
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

import pytest
from tests.aws_table import GROUP, NOW, TABLE, emulated_aws, execution
from tests.fakes.budgets import FakeBudgets
from tests.fakes.clock import FakeClock
from tests.fakes.usage import FakeUsage
from tests.fakes.webhooks import FakeWebhookQueue

from stepcrew.aws.budgets import TableBudgets
from stepcrew.aws.usage import TableUsage
from stepcrew.aws.webhooks import TableWebhooks
from stepcrew.domain.budgets import BudgetData, Budgets, days_of_month
from stepcrew.domain.errors import BudgetUsedUp
from stepcrew.domain.execution import Execution, Status, Usage
from stepcrew.domain.told_text import told_text
from stepcrew.domain.usage_sums import entry_of
from stepcrew.domain.webhook import Webhook
from stepcrew.services.tell_webhooks import TellWebhooks
from stepcrew.services.usage_ports import BudgetStore, UsageStore
from stepcrew.services.watch_budgets import WatchBudgets


class Harness(NamedTuple):
    budgets: BudgetStore
    usage: UsageStore
    clock: FakeClock
    bus: FakeBudgets
    webhooks: TableWebhooks
    queue: FakeWebhookQueue

    @property
    def watch(self) -> WatchBudgets:
        return WatchBudgets(self.budgets, self.usage, self.clock)

    def spend(self, number: int, usd: str, crew: str = "poems") -> int:
        """An execution ends now. How much was told of budgets."""
        done = ended(self.clock, number, usd, crew)
        self.usage.count(entry_of(done, [], Decimal(0)))
        return self.watch.tell([done], self.bus, TellWebhooks(self.webhooks, self.queue))

    def told(self) -> list[tuple[str, str | None, int]]:
        data = [(one.type, one.data) for one in self.bus.announced]
        return [(kind, one.crew, one.percent) for kind, one in data if isinstance(one, BudgetData)]


def ended(clock: FakeClock, number: int, usd: str, crew: str) -> Execution:
    used = Usage(model_calls=1, cost_usd=Decimal(usd))
    made = execution(f"01936a3c-0000-7000-8000-{number:012}", name=crew)
    return made.model_copy(update={"status": Status.COMPLETED, "ended_at": clock.now(), "usage": used})


@pytest.fixture(params=["adapters", "fakes"])
def harness(request: pytest.FixtureRequest) -> Generator[Harness]:
    with emulated_aws() as aws:
        stores = TableBudgets(aws.clients, TABLE), TableUsage(aws.clients, TABLE)
        if request.param == "fakes":
            stores = FakeBudgets(), FakeUsage()
        webhooks = TableWebhooks(aws.clients, TABLE, 30)
        yield Harness(*stores, FakeClock(NOW), FakeBudgets(), webhooks, FakeWebhookQueue())


def test_a_budget_is_told_once_at_each_part_and_then_stops_what_would_start(harness: Harness) -> None:
    harness.budgets.save_budgets(GROUP, Budgets(group_usd=Decimal(10)))
    assert harness.spend(1, "7.99") == 0
    harness.watch.check(GROUP, "poems")
    assert harness.spend(2, "0.01") == 1
    assert harness.spend(3, "1") == 0
    harness.watch.check(GROUP, "poems")
    assert harness.spend(4, "1") == 1
    assert harness.told() == [("stepcrew.budget.warning", None, 80), ("stepcrew.budget.used_up", None, 100)]
    assert harness.bus.announced[0].id == "budget.demo.2026-11.group.80"
    with pytest.raises(BudgetUsedUp, match=r"The budget of the group of 2026-11 is used up: 10.00 of 10.00 US dollars"):
        harness.watch.check(GROUP, "poems")


def test_a_crews_budget_is_its_own(harness: Harness) -> None:
    harness.budgets.save_budgets(GROUP, Budgets(crews={"poems": Decimal(1)}))
    assert harness.spend(1, "5", crew="report") == 0
    assert harness.spend(2, "1.5") == 2
    assert harness.told() == [("stepcrew.budget.warning", "poems", 80), ("stepcrew.budget.used_up", "poems", 100)]
    harness.watch.check(GROUP, "report")
    with pytest.raises(BudgetUsedUp, match="The budget of the crew poems"):
        harness.watch.check(GROUP, "poems")


def test_a_budget_of_cents_is_told_with_its_digits(harness: Harness) -> None:
    harness.budgets.save_budgets(GROUP, Budgets(group_usd=Decimal("0.004")))
    harness.spend(1, "0.0051")
    with pytest.raises(BudgetUsedUp, match=r"is used up: 0\.0051 of 0\.0040 US dollars"):
        harness.watch.check(GROUP, "poems")


def test_a_new_month_begins_with_nothing_spent(harness: Harness) -> None:
    harness.budgets.save_budgets(GROUP, Budgets(group_usd=Decimal(1)))
    harness.spend(1, "2")
    harness.clock.advance(days=31)
    harness.watch.check(GROUP, "poems")
    assert harness.spend(2, "2") == 2
    assert {one.id.split(".")[2] for one in harness.bus.announced} == {"2026-11", "2026-12"}


def test_a_budget_that_was_raised_lets_crews_start_again(harness: Harness) -> None:
    harness.budgets.save_budgets(GROUP, Budgets(group_usd=Decimal(1), crews={"poems": Decimal(9), "a": Decimal(3)}))
    harness.spend(1, "2")
    harness.budgets.save_budgets(
        GROUP, Budgets(group_usd=Decimal(20), crews={"poems": Decimal(9), "a": Decimal(3)}, revision=1)
    )
    harness.watch.check(GROUP, "poems")
    states = harness.watch.states(GROUP, harness.budgets.budgets(GROUP))
    assert states == [(None, 20, 2), ("a", 3, 0), ("poems", 9, 2)]


def test_webhooks_of_the_group_and_of_the_crew_hear_of_budgets(harness: Harness) -> None:
    for name, changes in {
        "all": {},
        "of-poems": {"crews": ["poems"]},
        "of-report": {"crews": ["report"]},
        "ends-only": {"events": ["completed"]},
        "resting": {"enabled": False},
    }.items():
        made = {
            "name": name,
            "url": "https://ops.example.com/",
            "format": "slack",
            "created_at": NOW,
            "updated_at": NOW,
        }
        harness.webhooks.save(GROUP, Webhook.model_validate({**made, **changes}), seen=None)
    harness.budgets.save_budgets(GROUP, Budgets(group_usd=Decimal(10), crews={"poems": Decimal(1)}))
    harness.spend(1, "0.9")
    assert [one.webhook for one in harness.queue.sent] == ["all", "of-poems"]
    harness.spend(2, "8")
    group = [one for one in harness.queue.sent if one.announcement.subject == GROUP]
    assert [(one.webhook, one.announcement.type) for one in group] == [("all", "stepcrew.budget.warning")]
    text = told_text(group[0].announcement, "", "https://console/g/demo", {})
    assert (text.name, text.what) == ("the group", "is nearly used up.")
    assert text.lines == ["8.90 of 10.00 US dollars of 2026-11 are spent."]


def test_each_address_of_a_mail_hears_of_a_budget(harness: Harness) -> None:
    made = {"name": "people", "format": "mail", "to": ["ada@example.com", "boss@example.com"]}
    webhook = Webhook.model_validate({**made, "created_at": NOW, "updated_at": NOW})
    harness.webhooks.save(GROUP, webhook, seen=None)
    harness.budgets.save_budgets(GROUP, Budgets(group_usd=Decimal(10)))
    harness.spend(1, "9")
    assert [one.to for one in harness.queue.sent] == webhook.receivers


def test_without_a_budget_nothing_is_told_or_stopped(harness: Harness) -> None:
    assert harness.spend(1, "1000000") == 0
    harness.watch.check(GROUP, "poems")


@pytest.mark.parametrize(
    ("day", "last"),
    [(date(2026, 2, 14), 28), (date(2028, 2, 29), 29), (date(2026, 12, 31), 31), (date(2026, 4, 1), 30)],
)
def test_a_month_has_all_its_days(day: date, last: int) -> None:
    first, end = days_of_month(day)
    assert (first.day, end.day, (end + timedelta(days=1)).day) == (1, last, 1)
