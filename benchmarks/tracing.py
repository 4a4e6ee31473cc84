"""The cost of tracing: the ratio of pairs measured in one warm process."""

from __future__ import annotations

import json
import os
import subprocess

from benchmarks.report import Figure, median
from scripted_model import scripted_model
from stepcrew_local.layout import ROOT

ROUNDS = 40
BOUND = 1.05


def measure() -> list[Figure]:
    with scripted_model() as model:
        command, environment = crew_command(model.url, ROUNDS)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    pairs: list[list[float]] = json.loads(done.stdout.splitlines()[-1])
    ratio = median([traced / plain for traced, plain in pairs])
    return [
        Figure(
            "Wall time of a crew with tracing / without",
            f"{ratio:.3f} (median of {len(pairs)} pairs)",
            f"≤ {BOUND}",
            ratio <= BOUND,
            f"five tasks, instant model, warm process, in turn; without: {median([p[1] for p in pairs]) * 1000:.0f} ms",
        )
    ]


def crew_command(model_url: str, rounds: int) -> tuple[list[str], dict[str, str]]:
    """A process of the runner's environment that runs the crew so often, and its own environment."""
    path = os.pathsep.join(str(ROOT / one) for one in ("functions/runner", "layers/core", "tests/scripted", ""))
    command = [str(ROOT / ".venvs/runner/bin/python"), str(ROOT / "benchmarks/tracing_inside.py")]
    return [*command, model_url, str(rounds)], {**os.environ, "PYTHONPATH": path}
