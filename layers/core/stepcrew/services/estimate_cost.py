"""What an execution of a crew will probably cost and take: what its earlier ones did."""

from __future__ import annotations

from statistics import median

from pydantic import BaseModel, Field

from stepcrew.domain.execution import Execution, Status
from stepcrew.domain.listing import ListFilter
from stepcrew.domain.money import Usd
from stepcrew.services.ports import ListingStore
from stepcrew.services.read_cost import ReadCost

SAMPLE = 20
"""So many of the newest are looked at."""


class UsdRange(BaseModel):
    """US dollars."""

    low: Usd
    median: Usd
    high: Usd


class SecondsRange(BaseModel):
    """From the start to the end, without the time in the queue before it."""

    low: float
    median: float
    high: float


class Estimate(BaseModel):
    """Of so many completed executions with the same name, the newest. `total_usd` is null when the price of a model is
    not known."""

    executions: int
    total_usd: UsdRange | None = Field(description="Of those whose cost is known.")
    seconds: SecondsRange


class EstimateCost:
    def __init__(self, listing: ListingStore, read_cost: ReadCost) -> None:
        self._listing = listing
        self._read_cost = read_cost

    def __call__(self, group_id: str, name: str) -> Estimate | None:
        """None where no execution of that name has completed."""
        wanted = ListFilter(status=Status.COMPLETED, name=name)
        found = self._listing.newest(group_id, wanted, before=None, limit=SAMPLE).executions
        if not found:
            return None
        totals = [total for one in found if (total := self._read_cost.summary(one).total_usd) is not None]
        seconds = [_seconds(one) for one in found]
        return Estimate(
            executions=len(found),
            total_usd=UsdRange(low=min(totals), median=median(totals), high=max(totals)) if totals else None,
            seconds=SecondsRange(low=min(seconds), median=median(seconds), high=max(seconds)),
        )


def _seconds(execution: Execution) -> float:
    began, ended = execution.started_at or execution.created_at, execution.ended_at or execution.updated_at
    return max(0.0, (ended - began).total_seconds())
