"""What the reference execution and an idle stack cost, from counted requests, the template and AWS's prices.

The reference execution: 3 minutes, 5 crew tasks, 100 trace events, followed by one open console page. Requests and the
table's units are counted by tests/runner/test_counts.py and tests/unit/services/test_asked_for.py; how long the short
functions take is assumed. tests/unit/scripts/test_cost_model.py compares both sums with costs.json.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.journal import COUNTS
from benchmarks.report import Figure
from stepcrew.domain.price_book import Priced, price_book
from stepcrew_local.layout import ROOT, TEMPLATE
from stepcrew_local.template import read_template

sys.path.append(str(ROOT))
from scripts.idle_costs import INDEX_READS
from scripts.idle_costs import lines as idle_lines

KEPT = Path(__file__).with_name("costs.json")
REGION = "us-east-1"
GOAL = Decimal("0.0025")
SECONDS = 180
BURSTS = 20
"""Events come between model calls: five at a time, in one message. Three calls a task, and its end."""
PACE = ROOT / "console/src/api/pace.ts"
"""How often an open page looks at the record."""
TRANSITIONS = 4
"""MarkRunning, RunCrew, ChooseNext, Finish."""
QUEUE_REQUESTS = 3
"""A message is sent, received and deleted."""
SINK_SECONDS, LOOKED_SECONDS, SUBMITTED_SECONDS, TOLD_SECONDS = map(Decimal, ("0.06", "0.02", "0.3", "0.2"))
"""Of an invocation of the sink, of the API for a look or a page, and for a submission, and of the announcer."""
LOG_BYTES = 500
"""Of one invocation."""
CDN_REQUEST_USD = Decimal("0.000001")
"""CloudFront passes on what the console asks: $0.01 for 10,000 HTTPS requests from the United States or Europe. The
first 10 million of a month are free in every account (https://aws.amazon.com/cloudfront/pricing/)."""


class Use(NamedTuple):
    """`amounts` at their prices and what no execution's bill counts, `usd` together."""

    what: str
    amounts: dict[Priced, Decimal]
    beside_usd: Decimal = Decimal(0)

    @property
    def usd(self) -> Decimal:
        prices = price_book(REGION).prices
        return sum((amount * prices[item] for item, amount in self.amounts.items()), self.beside_usd)


class Costs(NamedTuple):
    execution: list[Use]
    idle: Decimal

    @property
    def execution_usd(self) -> Decimal:
        return sum((use.usd for use in self.execution), Decimal(0))


def costs(template: dict[str, Any] | None = None) -> Costs:
    found = template or read_template(TEMPLATE)
    return Costs(execution_uses(found), sum((line.full for line in idle_lines(found, INDEX_READS)), Decimal(0)))


def execution_uses(template: dict[str, Any]) -> list[Use]:
    looks = looks_of_a_page(PACE.read_text())
    run, message, submission, end = (
        counted(name) for name in ("five tasks", "a trace message", "a submission", "an end")
    )
    api, sink = memory(template, "ApiFunction"), memory(template, "TraceSinkFunction")

    def invocations(number: Decimal | int, seconds: Decimal, gigabytes: Decimal) -> dict[Priced, Decimal]:
        return {
            Priced.INVOCATIONS: Decimal(number),
            Priced.GB_SECONDS: number * seconds * gigabytes,
            Priced.LOG_GB: Decimal(number * LOG_BYTES) / 10**9,
        }

    def requests(number: Decimal | int) -> dict[Priced, Decimal]:
        return {Priced.API_REQUESTS: Decimal(number), **invocations(number, LOOKED_SECONDS, api)}

    return [
        Use("Runner: memory and time", invocations(1, Decimal(SECONDS), memory(template, "RunnerFunction"))),
        Use("Runner: table", units(run, 1)),
        Use("State machine: transitions", {Priced.TRANSITIONS: Decimal(TRANSITIONS)}),
        Use("Trace: queue", {Priced.QUEUE_REQUESTS: Decimal(QUEUE_REQUESTS * BURSTS)}),
        Use("Trace: sink", invocations(BURSTS, SINK_SECONDS, sink)),
        Use("Trace: table", units(message, BURSTS)),
        Use(
            "Submission",
            {Priced.API_REQUESTS: Decimal(1), **invocations(1, SUBMITTED_SECONDS, api), **units(submission, 1)},
        ),
        Use(
            "End: announced and counted",
            {
                Priced.EVENTS: Decimal(1),
                **invocations(1, TOLD_SECONDS, memory(template, "AnnouncerFunction")),
                **units(end, 1),
            },
        ),
        Use("Follower: looks at the record", requests(looks) | units(counted("a look at the record"), looks)),
        Use("Follower: pages of the trace", requests(BURSTS) | units(counted("a page of the trace"), BURSTS)),
        Use("Follower: CloudFront", {}, CDN_REQUEST_USD * (looks + BURSTS)),
    ]


def looks_of_a_page(pace: str) -> int:
    """Each burst of events is news; until the next one, looks come ever more slowly."""
    found = {name: float(value.replace("_", "")) for name, value in re.findall(r"(\w+) = ([\d_.]+);", pace)}
    looks, passed, interval = 0, 0.0, found["RUNNING_FASTEST_MS"]
    while passed < 1000 * SECONDS / BURSTS:
        looks, passed = looks + 1, passed + interval
        interval = min(interval * found["SLOWER"], found["RUNNING_SLOWEST_MS"])
    return looks * BURSTS


def counted(what: str) -> dict[str, Any]:
    return json.loads(COUNTS.read_text())[what]


def units(found: dict[str, Any], times: Decimal | int) -> dict[Priced, Decimal]:
    read, written = Decimal(str(found["read_units"])), Decimal(found["write_units"])
    return {Priced.TABLE_READS: read * times, Priced.TABLE_WRITES: written * times}


def memory(template: dict[str, Any], function: str) -> Decimal:
    """Gigabytes of a function; a parameter stands for its default."""
    given = template["Resources"][function]["Properties"].get("MemorySize")
    megabytes = given if given is not None else template["Globals"]["Function"]["MemorySize"]
    if isinstance(megabytes, dict):
        megabytes = template["Parameters"][megabytes["Ref"]]["Default"]
    return Decimal(megabytes) / 1024


def measure() -> Sequence[Figure]:
    found = costs()
    whole = found.execution_usd
    told = "; ".join(f"{use.what} ${use.usd:.5f}" for use in sorted(found.execution, key=lambda use: -use.usd))
    return [
        Figure(
            "Cost of a 3-minute execution with 5 tasks, 100 events and one follower",
            f"${whole:.4f}",
            f"≤ ${GOAL}",
            whole <= GOAL,
            f"counted requests at AWS's prices in {REGION}, without models: {told}",
        ),
        Figure(
            "Cost of an idle stack",
            f"${found.idle:.2f} a month",
            None,
            True,
            "docs/operations.md has it by line, and without what AWS gives everybody",
        ),
    ]


def keep(found: Costs) -> None:
    lines = {use.what: f"{use.usd:.7f}" for use in found.execution}
    kept = {"execution_usd": f"{found.execution_usd:.7f}", "execution": lines, "idle_usd": f"{found.idle:.4f}"}
    KEPT.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    keep(costs())
    for use in costs().execution:
        print(f"{use.usd:.6f}  {use.what}")
    print(f"{costs().execution_usd:.6f}  together; idle {costs().idle:.2f} a month")
