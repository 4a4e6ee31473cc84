"""The parts of the runner's cold start that do not depend on AWS: what its image adds, what an import reads and takes,
how long a project's bundle takes to unpack."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.report import Figure, NotMeasured, median
from stepcrew_local.layout import ROOT

MB = 1_000_000
IMAGE_MB, COMPRESSED_MB, READ_MB = 400, 140, 115
MOST_OF_CREWAI = 1.3
MOST_OF_UNPACKING = 20.0
ROUNDS = 3
STEPS = ("python", "crewai", "runner", "model")
OF_THE_IMAGE = ("layers/core/stepcrew", "functions/runner/stepcrew_runner")


def measure() -> list[Figure]:
    """
    Raises:
        NotMeasured: the runner's environment is not made.
    """
    site = next((ROOT / ".venvs/runner/lib").glob("python3*/site-packages"), None)
    if site is None:
        raise NotMeasured("The runner's environment is not made: run make setup-all.")
    inside("runner")  # writes bytecode, which the image has too
    rounds = [{step: inside(step) for step in STEPS} for _ in range(ROUNDS)]
    return [*image(site), *imports(rounds), unpacking(inside("bundle"))]


def image(site: Path) -> Iterator[Figure]:
    files = [file for folder in (site, *(ROOT / one for one in OF_THE_IMAGE)) for file in _files(folder)]
    size = sum(file.stat().st_size for file in files) / MB
    with tempfile.TemporaryFile() as packed:
        with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=6) as tar:
            for file in files:
                tar.add(file, file.relative_to(ROOT))
        compressed = packed.tell() / MB
    how = "the runner's packages and code with their bytecode, without tests"
    yield Figure("Runner's image, beyond its base", f"{size:.0f} MB", f"≤ {IMAGE_MB} MB", size <= IMAGE_MB, how)
    yield Figure(
        "The same, as a registry keeps it",
        f"{compressed:.0f} MB",
        f"≤ {COMPRESSED_MB} MB",
        compressed <= COMPRESSED_MB,
        "a tar archive with gzip",
    )


def imports(rounds: list[dict[str, dict[str, Any]]]) -> Iterator[Figure]:
    seconds = {step: median([one[step]["cpu_s"] for one in rounds]) for step in STEPS}
    ratio = median([one["runner"]["cpu_s"] / one["crewai"]["cpu_s"] for one in rounds])
    last = rounds[-1]
    read = last["runner"]["read_bytes"] / MB
    yield Figure(
        "Importing the runner / CrewAI alone",
        f"{ratio:.2f}",
        f"≤ {MOST_OF_CREWAI}",
        ratio <= MOST_OF_CREWAI,
        f"CPU of whole processes in turn, {ROUNDS} rounds; the runner with its clients of AWS and the gate in place",
    )
    yield Figure(
        "Where a cold start's CPU goes",
        f"Python {seconds['python']:.2f} s, CrewAI {seconds['crewai'] - seconds['python']:.2f} s, the runner "
        f"{seconds['runner'] - seconds['crewai']:.2f} s, the first client of a model "
        f"{seconds['model'] - seconds['runner']:.2f} s",
        None,
        True,
        "differences of the same; medians",
    )
    yield Figure(
        "What importing the runner reads",
        f"{last['runner']['files']:,} files, {read:.0f} MB",
        f"≤ {READ_MB} MB",
        read <= READ_MB,
        "bytecode and libraries of the modules that are loaded: what Lambda has to fetch of the image",
    )
    yield Figure(
        "Memory after importing the runner",
        f"{last['runner']['memory_mb']:.0f} MB",
        None,
        True,
        "largest resident size of the process",
    )


def unpacking(found: dict[str, Any]) -> Figure:
    took = found["ms_a_mb"]
    return Figure(
        "Unpacking a project's bundle",
        f"{took:.1f} ms of CPU a MB",
        f"≤ {MOST_OF_UNPACKING:.0f} ms",
        took <= MOST_OF_UNPACKING,
        f"{found['files']:,} files of {found['megabytes']:.0f} MB, zipped {found['zipped_mb']:.0f} MB; with its hash",
    )


def inside(step: str) -> dict[str, Any]:
    """In a process of the runner's own environment."""
    path = os.pathsep.join(str(ROOT / one) for one in ("functions/runner", "layers/core"))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": path, "AWS_DEFAULT_REGION": "us-east-1"}
    command = [ROOT / ".venvs/runner/bin/python", ROOT / "benchmarks/cold_start_inside.py", step]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _files(folder: Path) -> Iterator[Path]:
    for path, folders, names in os.walk(folder):
        if "tests" in folders:  # as functions/runner/install_packages.py
            folders.remove("tests")
        yield from (Path(path, name) for name in names)
