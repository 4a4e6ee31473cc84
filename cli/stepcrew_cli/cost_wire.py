"""What the command line reads of the API's answers about costs, usage and budgets."""

from __future__ import annotations

from pydantic import BaseModel, Field


class CostSummary(BaseModel):
    """`total_usd` is null where the price of a model is not known; `estimated`: not final, or not all is known."""

    model_usd: float | None = None
    infrastructure_usd: float
    total_usd: float | None = None
    price_book: str = ""
    region: str = ""
    estimated: bool = False


class CostShare(BaseModel):
    """What the model calls of one task, agent or model cost."""

    name: str | None = None
    model_calls: int = 0
    total_tokens: int = 0
    model_usd: float | None = None


class CostLine(BaseModel):
    """One use of AWS."""

    what: str
    item: str = ""
    quantity: float
    unit_usd: float
    usd: float
    basis: str = ""


class Cost(CostSummary):
    by_task: list[CostShare] = []
    by_agent: list[CostShare] = []
    by_model: list[CostShare] = []
    infrastructure: list[CostLine] = []
    notes: list[str] = []


class ModelPrice(BaseModel):
    """US dollars for a million tokens."""

    input_usd: float
    output_usd: float
    cached_usd: float | None = None
    written_usd: float | None = None


class PriceList(BaseModel):
    models: dict[str, ModelPrice] = {}


class UsageRow(BaseModel):
    """What the executions of one name used."""

    name: str
    executions: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    total_tokens: int = 0
    model_usd: float = 0
    infrastructure_usd: float = 0
    total_usd: float = 0
    unpriced: int = 0


class UsageReport(BaseModel):
    first: str = Field(alias="from")
    last: str = Field(alias="to")
    by: str
    total: UsageRow
    rows: list[UsageRow] = []


class WrongSum(BaseModel):
    by: str
    day: str
    name: str


class Recount(BaseModel):
    """`differences` are sums that are not what the executions come to; `missing` were not counted."""

    executions: int
    differences: list[WrongSum] = []
    missing: list[str] = []


class Budget(BaseModel):
    """`crew` is null for the group's own."""

    crew: str | None = None
    limit_usd: float
    spent_usd: float = 0


class BudgetList(BaseModel):
    month: str = ""
    revision: int = 0
    budgets: list[Budget] = []
