"""From 1,000 to 1,000,000 executions a day, on paper: which of AWS's limits is met first, and what a month costs.

Every execution is the reference execution of benchmarks/cost_model.py, and all are of one group; the busiest minute has
three times the day's average. Writes the table into docs/scale.md; with --check, fails when the committed one differs.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "local"), str(ROOT / "layers/core")]

from benchmarks.cost_model import BURSTS, PACE, SECONDS, TRANSITIONS, costs, counted, looks_of_a_page  # noqa: E402
from scripts.document_part import DocumentPart  # noqa: E402

DOCUMENT = ROOT / "docs/scale.md"
BEGIN, END = "<!-- scale: written by scripts/scale.py -->", "<!-- end of scale -->"
A_DAY = (1_000, 10_000, 100_000, 300_000, 1_000_000)
DAY_SECONDS, DAYS, PEAK = 86_400, 30, 3
INDEX_UNITS = 3
"""Of one execution in the index by group: PENDING, RUNNING, and its end."""
SLOT_UNITS = 8
"""Of one execution: it joins the queue, gets a slot and gives it back, mostly in transactions."""
SECRET_READS = 3
"""Of one execution that names a secret of its group: whether it is there when it is submitted, it and the operator's
keys when it is run."""
DOCS = "https://docs.aws.amazon.com/"


class Limit(NamedTuple):
    """`of_one` is what one execution takes of it; of a rate, in the second in which everything of it would happen."""

    what: str
    most: int
    of_one: float
    source: str
    then: str

    def part(self, a_day: int) -> float:
        """How much of it the busiest minute uses; 1 is all."""
        return a_day * PEAK / DAY_SECONDS * self.of_one / self.most


def limits() -> list[Limit]:
    looks = looks_of_a_page(PACE.read_text())
    names = ("five tasks", "a trace message", "a submission", "an end")
    run, message, submission, end = (counted(name)["write_units"] for name in names)
    units = run + BURSTS * message + submission + end
    of_lambda = "lambda/latest/dg/gettingstarted-limits.html"
    of_machines = "step-functions/latest/dg/service-quotas.html"
    return [
        Limit(
            "Lambda: functions at the same time",
            1_000,
            SECONDS + (looks + BURSTS) * 0.02 + BURSTS * 0.06,
            of_lambda,
            "Lambda refuses the runner; its state machine tries again with growing waits. Raise the quota, and set "
            "`RunnerConcurrency` below it: the API keeps its share. `MaxRunningExecutions` lets the rest of a group "
            "wait in its queue, at no cost",
        ),
        Limit(
            "Step Functions: starts a second",
            300,
            1,
            of_machines,
            "the start is refused, the execution stays PENDING with its slot, and the sweep starts it",
        ),
        Limit(
            "Step Functions: transitions a second",
            5_000,
            TRANSITIONS,
            of_machines,
            "Step Functions delays transitions itself; crews end later",
        ),
        Limit(
            "DynamoDB: writes a second of the table",
            40_000,
            units,
            "amazondynamodb/latest/developerguide/ServiceQuotas.html",
            "requests are tried again; batches of events stay in their queue",
        ),
        Limit(
            "DynamoDB: writes a second of one group's part of the index by group",
            1_000,
            INDEX_UNITS,
            "amazondynamodb/latest/developerguide/bp-partition-key-design.html",
            "submissions and changes of status of this group are tried again, then a 503; other groups notice nothing",
        ),
        Limit(
            "DynamoDB: writes a second of one group's audit log",
            4_000,
            2,
            "amazondynamodb/latest/developerguide/bp-partition-key-sharding.html",
            "the same; the log has four parts",
        ),
        Limit(
            "DynamoDB: writes a second of one group's usage",
            1_000,
            end,
            "amazondynamodb/latest/developerguide/bp-partition-key-design.html",
            "the announcer is late: sums and budgets are behind, its stream keeps all for a day",
        ),
        Limit(
            "DynamoDB: writes a second of one group's slots",
            1_000,
            SLOT_UNITS,
            "amazondynamodb/latest/developerguide/bp-partition-key-design.html",
            "giving a slot is tried again, by the announcer and each minute by the sweep; executions start later",
        ),
        Limit(
            "SQS FIFO: messages a second, in high throughput mode",
            70_000,
            BURSTS,
            "AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html",
            "the runner's sender waits and keeps the events; nothing is lost",
        ),
        Limit(
            "Parameter Store: reads a second",
            40,
            SECRET_READS,
            "general/latest/gr/ssm.html",
            "submissions answer 503, an attempt is begun again by its state machine. Turn on higher throughput "
            "(`aws ssm update-service-setting --setting-id /ssm/parameter-store/high-throughput-enabled "
            "--setting-value true`)",
        ),
        Limit(
            "HTTP API: requests a second of the account",
            10_000,
            1 + looks + BURSTS,
            "apigateway/latest/developerguide/limits.html",
            "a 429; console and command line ask again",
        ),
    ]


def table() -> str:
    found = limits()
    one = costs().execution_usd
    head = "| " + " | ".join(["", *(f"{a_day:,} a day" for a_day in A_DAY), "all of it at"]) + " |"
    rows = [head, "|---|" + "---|" * (len(A_DAY) + 1)]
    for limit in found:
        parts = [
            f"{limit.part(a_day):.1%}" if limit.part(a_day) <= 1 else f"**{limit.part(a_day):.1f} ×**"
            for a_day in A_DAY
        ]
        most = int(limit.most * DAY_SECONDS / PEAK / limit.of_one)
        rows.append(
            f"| [{limit.what}]({DOCS}{limit.source}), {limit.most:,} | {' | '.join(parts)} | {_rounded(most):,} a day |"
        )
    first = [min(found, key=lambda limit: -limit.part(a_day)) for a_day in A_DAY]
    rows.append("| **met first** | " + " | ".join(limit.what.partition(":")[0] for limit in first) + " | |")
    rows.append(
        "| AWS a month, without models | " + " | ".join(f"${one * a_day * DAYS:,.0f}" for a_day in A_DAY) + " | |"
    )
    told = "\n".join(f"| {limit.what} | {limit.then} |" for limit in found)
    return "\n".join([*rows, "", "| where it is met | what happens, and what to do |", "|---|---|", told])


def _rounded(number: int) -> int:
    """To two digits."""
    digits = max(0, len(str(number)) - 2)
    return number // 10**digits * 10**digits


def main() -> int:
    stale = "docs/scale.md is not what the counts and the cost model come to: run scripts/scale.py."
    return DocumentPart(DOCUMENT, BEGIN, END).keep(__doc__, table, stale)


if __name__ == "__main__":
    sys.exit(main())
