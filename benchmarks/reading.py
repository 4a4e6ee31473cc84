"""What reading files takes of the function that does it, without its embedding model: each page of a PDF, each row of a
CSV, and the start of its process."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from benchmarks.report import Figure, NotMeasured, median
from stepcrew_local.layout import ROOT

ROUNDS = 3
MOST_MS_A_PAGE = 20
MOST_MS_A_THOUSAND_ROWS = 5
MOST_START_S = 2.0
PYTHON = ROOT / ".venvs/runner/bin/python"


def measure() -> list[Figure]:
    """
    Raises:
        NotMeasured: the runner's environment is not made.
    """
    if not PYTHON.is_file():
        raise NotMeasured("The runner's environment is not made: run make setup-all.")
    rounds = [inside() for _ in range(ROUNDS)]
    page, rows, start = (median([one[name] for one in rounds]) for name in ("page_ms", "rows_ms", "start_s"))
    cut = "CPU time of reading and cutting into chunks, without embedding; median of three processes"
    start_how = "imports of its room and of the reader of PDFs, in a process of its own"
    return [
        _within("A page of a PDF is read", page, MOST_MS_A_PAGE, "ms", f"300 pages of 2,300 characters; {cut}"),
        _within("A thousand rows of CSV are read", rows, MOST_MS_A_THOUSAND_ROWS, "ms", f"50,000 rows; {cut}"),
        _within("The function that reads files is loaded", start, MOST_START_S, "s", start_how),
    ]


def _within(what: str, value: float, most: float, unit: str, how: str) -> Figure:
    return Figure(what, f"{value:.2f} {unit} of CPU", f"≤ {most:g} {unit}", value <= most, how)


def inside() -> dict[str, Any]:
    path = os.pathsep.join(str(ROOT / one) for one in ("functions/runner", "layers/core"))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": path, "AWS_DEFAULT_REGION": "us-east-1"}
    command = [PYTHON, ROOT / "benchmarks/reading_inside.py"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])
