"""The table of metrics in docs/operations.md, from the code; with --check, fails when the committed one differs."""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "layers/core")]

from scripts.document_part import DocumentPart  # noqa: E402

from stepcrew.metric_names import BUSINESS, EXECUTION, METRICS, PERFORMANCE, Metric  # noqa: E402

DOCUMENT = ROOT / "docs/operations.md"
BEGIN, END = "<!-- metrics: written by scripts/metrics.py -->", "<!-- end of metrics -->"
USD_A_METRIC = Decimal("0.30")
"""A month, where it is sent in each hour of it. https://aws.amazon.com/cloudwatch/pricing/"""


def row(name: str, metric: Metric) -> str:
    dimension = f"`{metric.dimension}`: {', '.join(metric.values)}" if metric.dimension else "–"
    return f"| `{name}` | {metric.service} | {metric.unit} | {metric.what} | {dimension} |"


def table() -> str:
    parts: list[str] = []
    for group in (EXECUTION, PERFORMANCE, BUSINESS):
        found = [row(name, metric) for name, metric in METRICS.items() if metric.group == group]
        head = f"| {group} | function | unit | what it measures | dimension beside `service` |"
        parts.append("\n".join([head, "|---|---|---|---|---|", *found]))
    series = sum(metric.series for metric in METRICS.values())
    most = f"At most {series} metrics, ${series * USD_A_METRIC:.2f} a month if each of them were sent in every hour."
    return "\n\n".join([*parts, most])


def main() -> int:
    stale = "docs/operations.md does not name the metrics of the code: run scripts/metrics.py."
    return DocumentPart(DOCUMENT, BEGIN, END).keep(__doc__, table, stale)


if __name__ == "__main__":
    sys.exit(main())
