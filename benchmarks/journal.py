"""What the journal costs: a call that is let out, a replay, and what is written."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from benchmarks.report import Figure, median
from scripted_model import scripted_model
from stepcrew_local.layout import ROOT

MOST_MILLISECONDS = 5.0
MOST_OF_REPLAY = 2.0
COUNTS = Path(__file__).with_name("counts.json")
WRITES = ("PutItem", "UpdateItem", "TransactWriteItems")
BEFORE: dict[str, Any] = {
    "by_operation": {"dynamodb TransactWriteItems": 5, "dynamodb UpdateItem": 7},
    "items": 17,
    "bytes": 15037,
}


def measure() -> list[Figure]:
    path = os.pathsep.join(str(ROOT / one) for one in ("functions/runner", "layers/core", "tests/scripted", ""))
    with scripted_model() as model:
        done = subprocess.run(
            [ROOT / ".venvs/runner/bin/python", ROOT / "benchmarks/journal_inside.py", model.url],
            env={**os.environ, "PYTHONPATH": path, "OPENAI_BASE_URL": model.url, "OPENAI_API_KEY": "local"},
            capture_output=True,
            text=True,
            check=True,
        )
    return figures(json.loads(done.stdout.splitlines()[-1]))


def figures(found: dict[str, Any]) -> list[Figure]:
    call = median(found["call_ms"])
    wrote = json.loads(COUNTS.read_text())["five tasks"]  # tests/runner/test_counts.py counts it
    replay, own = found["replay_ms_an_entry"], found["replay_own_ms_an_entry"]
    crew = "five tasks with a model call each, instant model, journal in memory"
    many = f"{found['entries']} entries of {found['tasks']} tasks with two model calls and a tool call each"
    return [
        Figure(
            "The gate and the journal, for each model call",
            f"{call:.2f} ms of CPU (n={len(found['call_ms'])})",
            f"≤ {MOST_MILLISECONDS:.0f} ms",
            call <= MOST_MILLISECONDS,
            f"{crew}; CPU time of the threads inside the gate, without the write itself",
        ),
        Figure(
            "Replay of a long crew",
            f"{found['replay_s']:.1f} s, {replay:.1f} ms of CPU an entry",
            None,
            True,
            f"{many}, no finished output; CrewAI's own work is most of it",
        ),
        Figure(
            "The journal's part of a replay",
            f"{own:.2f} ms of CPU an entry",
            f"≤ {MOST_OF_REPLAY:.0f} ms",
            own <= MOST_OF_REPLAY,
            f"the same; reading all entries {found['load_ms']:.0f} ms",
        ),
        Figure(
            "Writes of a run into the table",
            _told(wrote),
            None,
            True,
            f"five tasks, the real adapters on an emulated table; of these {wrote['journal']} items and "
            f"{wrote['journal_bytes'] / 1024:.1f} KB are the journal's",
        ),
        Figure(
            "The same before there was a journal", _told(BEFORE), None, True, "counted in the same way at c8f57c7~1"
        ),
    ]


def _told(found: dict[str, Any]) -> str:
    requests = sum(count for name, count in found["by_operation"].items() if name.split()[-1] in WRITES)
    return f"{requests} requests, {found['items']} items, {found['bytes'] / 1024:.1f} KB"
