"""What runs ask of AWS, counted: a change that asks for more than 5 % more is seen before it is paid for.

STEPCREW_WRITE_COUNTS=1 writes benchmarks/counts.json, which benchmarks/README.md tells.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from scripted_model import ScriptedModel
from tests.runner.counted_attempt import FIVE_TASKS, counted_attempt

COUNTS = Path(__file__).resolve().parents[2] / "benchmarks/counts.json"
WRITE = "STEPCREW_WRITE_COUNTS"
MOST = 1.05
SUMS = " ".join(f'[[tool calculator {{"expression": "{n}+1"}}]]' for n in range(10))
WORKER: dict[str, Any] = {**FIVE_TASKS["agents"]["worker"], "tools": ["CalculatorTool"]}
CREWS: dict[str, dict[str, Any]] = {
    "five tasks": FIVE_TASKS,
    "ten tool calls": {
        **FIVE_TASKS,
        "agents": {"worker": WORKER},
        "tasks": [{**FIVE_TASKS["tasks"][0], "description": f"Calculate. {SUMS} [[say done]]"}],
    },
}


def numbers(found: dict[str, Any]) -> dict[str, int]:
    return {**found["by_operation"], **{name: value for name, value in found.items() if isinstance(value, int)}}


@pytest.mark.parametrize("crew", CREWS)
def test_a_run_asks_for_no_more_than_before(model: ScriptedModel, crew: str) -> None:
    found = counted_attempt(CREWS[crew])._asdict()
    kept: dict[str, dict[str, Any]] = json.loads(COUNTS.read_text()) if COUNTS.exists() else {}
    if os.environ.get(WRITE):
        kept[crew] = found
        COUNTS.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    before, now = numbers(kept[crew]), numbers(found)
    more = {name: (before.get(name, 0), count) for name, count in now.items() if count > before.get(name, 0) * MOST}
    assert not more, f"More than {COUNTS.name} has (before, now): find out why, or write it with {WRITE}=1."
    fewer = {name: (count, now.get(name, 0)) for name, count in before.items() if now.get(name, 0) * MOST < count}
    assert not fewer, f"Fewer than {COUNTS.name} has (before, now), which is good: write it with {WRITE}=1."
