"""What 1,000 firings, deliveries and rows of batches cost on AWS, beyond the executions they start.

The requests are counted by tests/unit/services/test_asked_for.py. Prices are those of us-east-1, as AWS's price pages
named them in November 2026; every item counts as one unit (1 KB written, 4 KB read), those in transactions as two.
"""

from __future__ import annotations

import json
from typing import Any

from benchmarks.journal import COUNTS
from benchmarks.report import Figure

MILLION = 1_000_000
WRITE_UNIT, READ_UNIT = 0.625 / MILLION, 0.125 / MILLION
SQS_REQUEST = 0.50 / MILLION
INVOCATION = 0.20 / MILLION + 0.1 * 0.5 * 0.0000133334
"""A tenth of a second with 512 MB."""
S3_PUT, S3_GET = 5.0 / MILLION, 0.4 / MILLION
TRANSITION = 25.0 / MILLION
"""Of a Standard workflow; a child of a distributed map makes its start, its state and its end."""
ROW_TRANSITIONS = 3
MESSAGE_REQUESTS = 3
"""A message is sent, received and deleted."""
MOST = {"firings": 0.02, "deliveries": 0.02, "rows of a batch": 0.15}
"""Dollars for 1,000."""


def measure() -> list[Figure]:
    counts: dict[str, Any] = json.loads(COUNTS.read_text())
    asked = {name: of_requests(counted) for name, counted in counts.items() if "in_transactions" in counted}
    message = MESSAGE_REQUESTS * SQS_REQUEST + INVOCATION
    row = asked["a row's start"] + asked["a row's end"] + 2 * INVOCATION + ROW_TRANSITIONS * TRANSITION
    return [
        figure("firings", asked["a firing"] - asked["a submission"] + message),
        figure("deliveries", asked["a delivery"] + message),
        figure("rows of a batch", row - asked["a submission"]),
    ]


def of_requests(counted: dict[str, Any]) -> float:
    """Dollars of the requests to the table and the bucket."""
    by_operation: dict[str, int] = counted["by_operation"]
    reads = sum(by_operation.get(f"dynamodb {name}", 0) for name in ("GetItem", "Query", "BatchGetItem"))
    writes = counted["items"] + counted["in_transactions"]
    bucket = by_operation.get("s3 PutObject", 0) * S3_PUT + by_operation.get("s3 GetObject", 0) * S3_GET
    return writes * WRITE_UNIT + reads * READ_UNIT + bucket


def figure(what: str, dollars_of_one: float) -> Figure:
    bound, dollars = MOST[what], 1000 * dollars_of_one
    return Figure(
        f"Cost of 1,000 {what}",
        f"${dollars:.3f}",
        f"≤ ${bound:.2f}",
        dollars <= bound,
        "counted requests of one at AWS's prices in us-east-1, without what its execution costs",
    )
