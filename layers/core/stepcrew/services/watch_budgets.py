"""What a group has spent of its budgets: told as they are used, and the end of new executions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from stepcrew.domain.announcement import Announcement
from stepcrew.domain.budgets import (
    STOP_PERCENT,
    BudgetData,
    Budgets,
    BudgetState,
    days_of_month,
    month_of,
    spent_text,
)
from stepcrew.domain.errors import BudgetUsedUp
from stepcrew.domain.execution import Execution
from stepcrew.domain.usage_sums import By, crew_of, whole_usd
from stepcrew.services.ports import Clock
from stepcrew.services.tell_webhooks import TellWebhooks
from stepcrew.services.usage_ports import AnnouncementBus, BudgetStore, UsageStore


class WatchBudgets:
    """Reads the sums only where the group has a budget."""

    def __init__(self, budgets: BudgetStore, usage: UsageStore, clock: Clock) -> None:
        self._budgets = budgets
        self._usage = usage
        self._clock = clock

    def states(self, group_id: str, budgets: Budgets, day: date | None = None) -> list[BudgetState]:
        """How all of them stand in the month of the day, or this month."""
        pairs = [(None, budgets.group_usd)] if budgets.group_usd is not None else []
        wanted: list[tuple[str | None, Decimal]] = [*pairs, *sorted(budgets.crews.items())]
        return self._stand(group_id, wanted, day or self._clock.now().date())

    def check(self, group_id: str, crew: str) -> None:
        """Raises `BudgetUsedUp` where an execution of the crew may not start any more this month."""
        wanted = list(self._budgets.budgets(group_id).of(crew))
        today = self._clock.now().date()
        for state in self._stand(group_id, wanted, today):
            if state.is_used_up:
                raise BudgetUsedUp(
                    f"{_whose(state)} of {month_of(today)} is used up: {spent_text(state.spent_usd, state.limit_usd)}."
                )

    def tell(self, changes: Iterable[Execution], bus: AnnouncementBus, tell_webhooks: TellWebhooks) -> int:
        """Announces each budget of which a part that is told was spent, once a month, on the bus and to the webhooks
        that hear of it. To be called after what they used was counted. How many were told. Raises
        `PlatformUnavailable`."""
        ended = {(one.group_id, crew_of(one), _day(one)) for one in changes if one.status.is_terminal}
        told = 0
        for group_id, crew, day in sorted(ended):
            for state in self._stand(group_id, list(self._budgets.budgets(group_id).of(crew)), day):
                for percent in state.reached():
                    made = _announcement(group_id, month_of(day), state, percent, self._clock.now())
                    if not self._budgets.is_told(group_id, made.id):
                        bus.put([made])
                        tell_webhooks.of_budget(group_id, state.crew, made)
                        self._budgets.keep_told(group_id, made.id)
                        told += 1
        return told

    def _stand(self, group_id: str, wanted: list[tuple[str | None, Decimal]], day: date) -> list[BudgetState]:
        days = days_of_month(day)
        spent: dict[str | None, Decimal] = {}
        if any(crew is None for crew, _ in wanted):
            spent[None] = sum((whole_usd(one.sums) for one in self._usage.sums(group_id, By.DAY, *days)), Decimal(0))
        if any(crew is not None for crew, _ in wanted):
            for one in self._usage.sums(group_id, By.CREW, *days):
                spent[one.name] = spent.get(one.name, Decimal(0)) + whole_usd(one.sums)
        return [BudgetState(crew, limit, spent.get(crew, Decimal(0))) for crew, limit in wanted]


def _day(execution: Execution) -> date:
    return (execution.ended_at or execution.updated_at).date()


def _whose(state: BudgetState) -> str:
    return "The budget of the group" if state.crew is None else f"The budget of the crew {state.crew}"


def _announcement(group_id: str, month: str, state: BudgetState, percent: int, now: datetime) -> Announcement:
    scope = "group" if state.crew is None else f"crew.{state.crew}"
    data = {"group_id": group_id, "month": month, "percent": percent, **state._asdict()}
    return Announcement(
        id=f"budget.{group_id}.{month}.{scope}.{percent}",
        type=f"stepcrew.budget.{'used_up' if percent == STOP_PERCENT else 'warning'}",
        subject=group_id if state.crew is None else f"{group_id}/{state.crew}",
        time=now,
        data=BudgetData.model_validate(data),
    )
