"""What 1,000 firings, deliveries and rows of batches cost on AWS, beyond the executions they start.

The requests are counted by tests/unit/services/test_asked_for.py; every item counts as one unit (1 KB written, 4 KB
read), those in transactions as two.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from benchmarks.journal import COUNTS
from benchmarks.report import Figure
from stepcrew.domain.price_book import Priced, price_book

REGION = "us-east-1"
SECONDS, GIGABYTES = Decimal("0.1"), Decimal("0.5")
"""Of an invocation, and of its function."""
ROW_TRANSITIONS = 3
"""A child of a distributed map makes its start, its state and its end."""
MESSAGE_REQUESTS = 3
"""A message is sent, received and deleted."""
MOST = {"firings": Decimal("0.02"), "deliveries": Decimal("0.02"), "rows of a batch": Decimal("0.15")}
"""Dollars for 1,000."""


def measure() -> list[Figure]:
    counts: dict[str, Any] = json.loads(COUNTS.read_text())
    prices = price_book(REGION).prices
    asked = {name: of_requests(counted) for name, counted in counts.items() if "in_transactions" in counted}
    invocation = prices[Priced.INVOCATIONS] + SECONDS * GIGABYTES * prices[Priced.GB_SECONDS]
    message = MESSAGE_REQUESTS * prices[Priced.QUEUE_REQUESTS] + invocation
    machine = 2 * invocation + ROW_TRANSITIONS * prices[Priced.TRANSITIONS]
    return [
        figure("firings", asked["a firing"] - asked["a submission"] + message),
        figure("deliveries", asked["a delivery"] + message),
        figure("rows of a batch", asked["a row's start"] + asked["a row's end"] - asked["a submission"] + machine),
    ]


def of_requests(counted: dict[str, Any]) -> Decimal:
    """Dollars of the requests to the table and the bucket."""
    made: dict[str, int] = counted["by_operation"]
    units = {
        Priced.TABLE_READS: sum(made.get(f"dynamodb {name}", 0) for name in ("GetItem", "Query", "BatchGetItem")),
        Priced.TABLE_WRITES: counted["items"] + counted["in_transactions"],
        Priced.OBJECT_READS: made.get("s3 GetObject", 0),
        Priced.OBJECT_WRITES: made.get("s3 PutObject", 0),
    }
    prices = price_book(REGION).prices
    return sum((count * prices[what] for what, count in units.items()), Decimal(0))


def figure(what: str, dollars_of_one: Decimal) -> Figure:
    bound, dollars = MOST[what], 1000 * dollars_of_one
    return Figure(
        f"Cost of 1,000 {what}",
        f"${dollars:.3f}",
        f"≤ ${bound:.2f}",
        dollars <= bound,
        f"counted requests of one at AWS's prices in {REGION}, without what its execution costs",
    )
