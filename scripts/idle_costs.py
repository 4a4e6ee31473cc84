"""What a stack costs in a month in which nobody uses it, worked out from template.yaml.

Writes the table into docs/operations.md; with --check, fails when the committed one differs. Prices are those of
us-east-1: of the newest price book, and what executions do not use as AWS's price pages named it in November 2026.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Container
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "local"), str(ROOT / "layers/core")]

from scripts.document_part import DocumentPart  # noqa: E402

from stepcrew.aws.keys import OPEN_SHARDS  # noqa: E402
from stepcrew.domain.price_book import Priced, price_book  # noqa: E402
from stepcrew_local.template import read_template  # noqa: E402

DOCUMENT = ROOT / "docs/operations.md"
BEGIN, END = "<!-- idle costs: written by scripts/idle_costs.py -->", "<!-- end of idle costs -->"

PRICES = "https://aws.amazon.com/"
MINUTES = 730 * 60
"""Of a month, as AWS counts them."""
POLLERS, POLLS_A_MINUTE = 5, 3
"""Of an event source that reads a queue: it begins with five readers, each asking for up to 20 seconds.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html"""
STANDARD_QUEUE_REQUEST = Decimal("0.0000004")
"""The price book has that of FIFO queues, which is what an execution uses."""
SWEEP_SECONDS = Decimal("0.2")
SWEEP_LOG_BYTES = 500
"""Of Lambda's own three lines about an invocation; a sweep that finds nothing writes none."""
TABLE_KEY_MINUTES = 5
"""DynamoDB asks for the table's key once in so many minutes of use.
https://docs.aws.amazon.com/kms/latest/developerguide/services-dynamodb.html"""
IMAGE_GB = Decimal("0.4")
"""The runner's image, compressed, as the registry keeps it."""
ARTIFACTS_GB = Decimal("0.1")
"""Zips of the functions and the console's files."""

INDEX_READS = OPEN_SHARDS + 2
"""Of each sweep: the parts of the index with open executions, and those with open batches and erasures."""

ON_DEMAND = ("ExportTraces",)
"""Conditions of what is there by a parameter only, which the table has apart."""
PRICED = frozenset(
    {
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",  # only made on demand, so the document has it apart
        "AWS::Serverless::Function",
        "AWS::SQS::Queue",
        "AWS::DynamoDB::Table",
        "AWS::S3::Bucket",
        "AWS::S3Vectors::VectorBucket",
    }
)
"""Types of resources that a line below speaks of."""
COSTS_BY_USE = frozenset(
    {"AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage", "AWS::ApiGatewayV2::Authorizer", "AWS::ApiGatewayV2::Route"}
    | {"AWS::ApiGatewayV2::Integration", "AWS::Lambda::Permission", "AWS::Serverless::LayerVersion"}
    | {"AWS::IAM::Role", "AWS::IAM::Policy", "AWS::S3::BucketPolicy", "AWS::Logs::LogGroup", "AWS::Events::EventBus"}
    | {"AWS::Serverless::StateMachine", "AWS::Cognito::UserPool", "AWS::Cognito::UserPoolClient"}
    | {"AWS::Cognito::UserPoolDomain", "AWS::CloudFront::Distribution", "AWS::CloudFront::Function"}
    | {"AWS::CloudFront::OriginAccessControl", "AWS::CloudFront::ResponseHeadersPolicy"}
    | {"AWS::SQS::QueuePolicy", "AWS::Events::Rule", "AWS::Scheduler::ScheduleGroup"}
    | {"AWS::Lambda::EventSourceMapping"}
)
"""Types that cost nothing while nobody uses them (requests, transitions, users, stored lines)."""


@dataclass(frozen=True)
class Line:
    """One kind of use: `amount` units in a month at `price` dollars each, of which `free` units cost nothing, for good
    and not in an account's first year only. `source` is the path of AWS's page with the price."""

    what: str
    amount: Decimal
    price: Decimal
    free: Decimal
    source: str

    @property
    def full(self) -> Decimal:
        return self.amount * self.price

    @property
    def beyond_free(self) -> Decimal:
        return max(self.amount - self.free, Decimal(0)) * self.price


def lines(template: dict[str, Any], shards: int, leave_out: Container[str] = ON_DEMAND) -> list[Line]:
    """`template` with its short tags spelled out; `shards`: how many parts of the index of what is open are read;
    `leave_out`: conditions whose resources are not there."""
    resources = {n: r for n, r in template["Resources"].items() if r.get("Condition") not in leave_out}
    functions = {n: r["Properties"] for n, r in resources.items() if r["Type"] == "AWS::Serverless::Function"}
    watched = [alarm_metrics(r["Properties"]) for r in resources.values() if r["Type"] == "AWS::CloudWatch::Alarm"]
    alarms = len(watched)
    events = [(name, event) for name, each in functions.items() for event in each.get("Events", {}).values()]
    asked = [event["Properties"]["Queue"]["Fn::GetAtt"][0] for _, event in events if event["Type"] == "SQS"]
    fifo = sum(resources[name]["Properties"].get("FifoQueue", False) for name in asked)
    polls = Decimal(POLLERS * POLLS_A_MINUTE * MINUTES)
    sweeper, schedule = next((n, e["Properties"]["Schedule"]) for n, e in events if e["Type"] == "Schedule")
    sweeps = Decimal(MINUTES) / minutes_of(schedule)
    gigabytes = Decimal(functions[sweeper]["MemorySize"]) / 1024
    million, gb, prices = Decimal(1_000_000), Decimal(10**9), price_book("us-east-1").prices
    return [
        Line(
            f"{alarms} alarms on {sum(watched)} metrics",
            Decimal(sum(watched)),
            Decimal("0.10"),
            Decimal(10),
            "cloudwatch/pricing",
        ),
        Line(
            f"Lambda asks for messages {POLLERS * POLLS_A_MINUTE} times a minute, FIFO queues: {fifo}",
            fifo * polls,
            prices[Priced.QUEUE_REQUESTS],
            million,  # of both kinds together
            "sqs/pricing",
        ),
        Line(
            f"Lambda asks for messages likewise, standard queues: {len(asked) - fifo}",
            (len(asked) - fifo) * polls,
            STANDARD_QUEUE_REQUEST,
            Decimal(0),
            "sqs/pricing",
        ),
        Line("the reconciler sweeps: invocations", sweeps, prices[Priced.INVOCATIONS], million, "lambda/pricing"),
        Line(
            f"the reconciler sweeps: {SWEEP_SECONDS} s each with {functions[sweeper]['MemorySize']} MB",
            sweeps * SWEEP_SECONDS * gigabytes,
            prices[Priced.GB_SECONDS],
            Decimal(400_000),
            "lambda/pricing",
        ),
        Line(
            f"the reconciler sweeps: {shards} reads of the table's index each",
            sweeps * shards * Decimal("0.5"),
            prices[Priced.TABLE_READS],
            Decimal(0),
            "dynamodb/pricing/on-demand",
        ),
        Line(
            "the reconciler sweeps: a write of the table each",
            sweeps,
            prices[Priced.TABLE_WRITES],
            Decimal(0),
            "dynamodb/pricing/on-demand",
        ),
        Line(
            "the reconciler sweeps: log lines",
            sweeps * SWEEP_LOG_BYTES / gb,
            prices[Priced.LOG_GB],
            Decimal(5),
            "cloudwatch",
        ),
        Line(
            f"the table's key, asked for every {TABLE_KEY_MINUTES} minutes",
            Decimal(MINUTES) / TABLE_KEY_MINUTES,
            Decimal("0.03") / 10_000,
            Decimal(20_000),
            "kms/pricing",
        ),
        Line(f"the runner's image, {IMAGE_GB} GB", IMAGE_GB, Decimal("0.10"), Decimal(0), "ecr/pricing"),
        Line(f"built files, {ARTIFACTS_GB} GB", ARTIFACTS_GB, Decimal("0.023"), Decimal(0), "s3/pricing"),
    ]


def alarm_metrics(alarm: dict[str, Any]) -> int:
    """How many metrics an alarm watches: it is billed by these."""
    return sum("MetricStat" in one for one in alarm.get("Metrics", [])) or 1


def minutes_of(schedule: str) -> int:
    """The minutes of a schedule such as `rate(1 minute)`. Raises ValueError for any other kind of schedule."""
    found = re.fullmatch(r"rate\((\d+) (minute|hour)s?\)", schedule)
    if found is None:
        raise ValueError(f"{schedule!r} is no rate in minutes or hours")
    return int(found[1]) * {"minute": 1, "hour": 60}[found[2]]


def cents(dollars: Decimal) -> str:
    """`$0.33`; `under $0.01` for what is not nothing and no cent."""
    if 0 < dollars < Decimal("0.005"):
        return "under $0.01"
    return f"${dollars.quantize(Decimal('0.01'), ROUND_HALF_UP)}"


def table(found: list[Line], with_export: list[Line]) -> str:
    """`with_export` are the same lines of a stack that exports its traces."""
    rows = [
        f"| {line.what} | {cents(line.full)} | {cents(line.beyond_free)} "
        f"| [{line.source.partition('/')[0]}]({PRICES}{line.source}/) |"
        for line in found
    ]
    (full, beyond), (full_with, beyond_with) = totals(found), totals(with_export)
    return "\n".join(
        [
            "| what goes on though no crew runs | a month | beyond what is always free | price |",
            "|---|---|---|---|",
            *rows,
            f"| **all together** | **{cents(full)}** | **{cents(beyond)}** | |",
            "| with `ExportEndpoint`: one alarm more, and one queue more that is asked "
            f"| + {cents(full_with - full)} | + {cents(beyond_with - beyond)} | |",
        ]
    )


def totals(found: list[Line]) -> tuple[Decimal, Decimal]:
    return sum((line.full for line in found), Decimal(0)), sum((line.beyond_free for line in found), Decimal(0))


def current() -> str:
    template = read_template(ROOT / "template.yaml")
    return table(lines(template, INDEX_READS), lines(template, INDEX_READS, leave_out=()))


def main() -> int:
    stale = "docs/operations.md does not say what template.yaml costs: run scripts/idle_costs.py."
    return DocumentPart(DOCUMENT, BEGIN, END).keep(__doc__, current, stale)


if __name__ == "__main__":
    sys.exit(main())
