"""What is shipped, and how long the API's handler takes to import."""

from __future__ import annotations

import io
import os
import subprocess
import time
import zipfile
from pathlib import Path

from benchmarks.report import Figure, NotMeasured, median
from stepcrew_local.layout import ROOT

MB = 1_000_000
ZIPS = {
    "ApiFunction": 6.5,  # 0.4 of it protobuf, imported only to answer with an exported trace
    "TraceSinkFunction": 5.0,
    "ReconcilerFunction": 5.0,
    "TriggerFunction": 6.0,
    "AnnouncerFunction": 5.0,
    "WebhookSenderFunction": 5.0,
    "ExporterFunction": 5.0,
}
RUNNER_MB = 420
IMPORT_BOUND = 1.3
ROUNDS = 9
BASE = "import fastapi, boto3"
HANDLER = "import stepcrew_api.handler"


def zipped(folder: Path) -> int:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                archive.write(file, file.relative_to(folder))
    return len(buffer.getvalue())


def built(function: str, builds: Path = ROOT / ".aws-sam") -> Path:
    """The folder that becomes the function's zip.

    Raises:
        NotMeasured: it was not built.
    """
    folder = builds / function / function
    if not folder.is_dir() or not any(folder.iterdir()):
        raise NotMeasured(f"{function} is not built, so its zip cannot be measured: run make build.")
    return folder


def imports(statement: str) -> float:
    path = os.pathsep.join([str(ROOT / "functions/api"), str(ROOT / "layers/core")])
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": path, "AWS_DEFAULT_REGION": "us-east-1"}
    environment |= {"POWERTOOLS_METRICS_NAMESPACE": "Stepcrew", "POWERTOOLS_SERVICE_NAME": "api"}
    start = time.perf_counter()
    subprocess.run([ROOT / ".venvs/api/bin/python", "-c", statement], env=environment, check=True)
    return time.perf_counter() - start


def measure() -> list[Figure]:
    figures: list[Figure] = []
    for name, bound in ZIPS.items():
        size = zipped(built(name)) / MB
        figures.append(Figure(f"Zip of {name}", f"{size:.1f} MB", f"≤ {bound} MB", size <= bound, "`make build`"))
    site = next((ROOT / ".venvs/runner/lib").glob("python3*/site-packages"))
    installed = sum(f.stat().st_size for f in site.rglob("*") if f.is_file() and "__pycache__" not in f.parts) / MB
    figures.append(
        Figure(
            "Runner's site-packages",
            f"{installed:.0f} MB",
            f"≤ {RUNNER_MB} MB",
            installed <= RUNNER_MB,
            "installed files without bytecode; with the OpenAI, Anthropic and Bedrock providers and the tools",
        )
    )
    imports(HANDLER)
    imports(BASE)
    pairs = [(imports(HANDLER), imports(BASE)) for _ in range(ROUNDS)]
    ratio = median([ours / base for ours, base in pairs])
    method = f"whole processes in turn, {ROUNDS} pairs; {BASE}: {median([base for _, base in pairs]) * 1000:.0f} ms"
    figures.append(
        Figure(
            "Importing the API's handler / fastapi + boto3",
            f"{ratio:.2f}",
            f"≤ {IMPORT_BOUND}",
            ratio <= IMPORT_BOUND,
            method,
        )
    )
    return figures
