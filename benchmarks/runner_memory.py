"""How much memory the runner gets: what a cold start takes with the share of a processor that comes with it, and what
three minutes then cost.

Lambda gives a function with 1,769 MB one processor, and less in proportion
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html). An import computes all the time: it takes its
CPU time over that share.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from decimal import Decimal

from benchmarks.cold_start import inside
from benchmarks.cost_model import REGION, SECONDS
from benchmarks.report import Figure, median
from benchmarks.tracing import crew_command
from scripted_model import scripted_model
from stepcrew.domain.price_book import Priced, price_book

SIZES = (512, 768, 1024, 1769)
WHOLE = 1769
DEFAULT = 768
"""That of the template: see docs/decisions/0042-what-an-execution-costs.md."""
MOST_SECONDS = 10
"""Of Lambda's init phase: one that takes longer is begun again, and billed from the beginning
(https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html)."""
ROUNDS = 3


def measure() -> list[Figure]:
    return [_memory_of_a_crew(), *_sizes()]


def _memory_of_a_crew() -> Figure:
    with scripted_model() as model:
        command, environment = crew_command(model.url, rounds=3)
        child = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    megabytes = used.ru_maxrss / 1024
    return Figure(
        "Memory of the runner after crews of five tasks",
        f"{megabytes:.0f} MB",
        f"≤ {DEFAULT * 2 // 3} MB",
        child.returncode == 0 and megabytes <= DEFAULT * 2 / 3,
        "largest resident size of the process, without what tools of a crew load",
    )


def _sizes() -> Iterator[Figure]:
    cpu = median([inside("runner")["cpu_s"] for _ in range(ROUNDS)])
    price = price_book(REGION).prices[Priced.GB_SECONDS]
    for size in SIZES:
        took = cpu * WHOLE / size
        dollars = price * Decimal(size) / 1024 * SECONDS
        yield Figure(
            f"Importing the runner with {size} MB; {SECONDS // 60} minutes of it",
            f"{took:.1f} s; ${dollars:.4f}",
            f"≤ {MOST_SECONDS} s" if size == DEFAULT else None,
            size != DEFAULT or took <= MOST_SECONDS,
            f"{cpu:.2f} s of CPU with {size / WHOLE:.0%} of a processor; Lambda's price in {REGION}",
        )
