"""The shapes of a group's usage on the wire."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from stepcrew.domain.money import Usd
from stepcrew.domain.usage_sums import By, Sums


class NamedSums(Sums):
    """Of one name; an empty one stands for executions that nobody is named for, and calls that no agent made."""

    name: str
    total_usd: Usd


class UsageReport(BaseModel):
    """The sums of the days from `from` to `to`, both included."""

    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    by: By
    total: NamedSums = Field(description="Of all executions of these days, whatever they are summed by.")
    rows: list[NamedSums]


class WrongSum(BaseModel):
    """A sum that is not what the executions come to."""

    by: By
    day: date
    name: str
    summed: Sums
    counted_again: Sums


class RecountView(BaseModel):
    """Without `differences` and `missing`, every sum of these days is what the executions come to."""

    first: date = Field(serialization_alias="from")
    last: date = Field(serialization_alias="to")
    executions: int
    differences: list[WrongSum]
    missing: list[str] = Field(
        description="Ids of executions that ended on these days and were not counted; 100 of them."
    )


class BudgetView(BaseModel):
    """`crew` is null for the group's own budget."""

    crew: str | None
    limit_usd: Usd
    spent_usd: Usd


class BudgetList(BaseModel):
    """The group's own first, then those of crews by name."""

    month: str
    revision: int = Field(description="Of what was set; a change names it.")
    budgets: list[BudgetView]
