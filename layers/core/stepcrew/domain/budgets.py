"""What a group, and single crews of it, may spend in a month (UTC)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from stepcrew.domain.execution import Money
from stepcrew.domain.money import Usd
from stepcrew.domain.usage_sums import MOST_CHARACTERS

MOST_BUDGETS = 50
WARN_PERCENT, STOP_PERCENT = 80, 100


class Budgets(BaseModel):
    """US dollars a month. Unknown fields are faults. Null, and a crew that is not named, have no budget. `revision`
    grows with each change; whoever changes them names the one that was read."""

    model_config = ConfigDict(extra="forbid")

    group_usd: Money | None = None
    crews: Annotated[
        dict[Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)], Money], Field(max_length=MOST_BUDGETS)
    ] = {}
    revision: Annotated[int, Field(ge=0)] = 0

    def of(self, crew: str) -> Iterator[tuple[str | None, Decimal]]:
        """Those that an execution of the crew counts in: null stands for the group's."""
        if self.group_usd is not None:
            yield None, self.group_usd
        if crew in self.crews:
            yield crew, self.crews[crew]


class BudgetState(NamedTuple):
    """`crew` is null for the group's own budget."""

    crew: str | None
    limit_usd: Decimal
    spent_usd: Decimal

    @property
    def is_used_up(self) -> bool:
        return self.spent_usd >= self.limit_usd

    def reached(self) -> Iterator[int]:
        """The percents of the budget that are spent, of those that are told."""
        for percent in (WARN_PERCENT, STOP_PERCENT):
            if self.spent_usd * 100 >= self.limit_usd * percent:
                yield percent


class BudgetData(BaseModel):
    """How a budget stood when it was told."""

    group_id: str
    month: str
    crew: str | None
    percent: int
    limit_usd: Usd
    spent_usd: Usd

    @property
    def is_used_up(self) -> bool:
        return self.percent >= STOP_PERCENT


def spent_text(spent_usd: Decimal, limit_usd: Decimal) -> str:
    """A budget below a dollar with more digits, so that it is never 0.00 of 0.00."""
    digits = 2 if limit_usd >= 1 else 4
    return f"{spent_usd:.{digits}f} of {limit_usd:.{digits}f} US dollars"


def month_of(day: date) -> str:
    """`2026-11`"""
    return f"{day:%Y-%m}"


def days_of_month(day: date) -> tuple[date, date]:
    """The first and the last day of the month that has this day."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
