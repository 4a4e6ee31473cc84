"""What must be set before CrewAI is imported: it writes below HOME and calls home unless told otherwise.

This module imports nothing of CrewAI. Sources: crewai_core/token_manager.py, crewai_core/telemetry.py,
crewai/execution.py of the pinned version.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

FOLDER = Path(tempfile.gettempdir()) / f"stepcrew-runner-{os.getpid()}"
WORK = FOLDER / "work"
SWITCHES = {
    "CREWAI_DISABLE_TELEMETRY": "true",
    "OTEL_SDK_DISABLED": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "CREWAI_DISABLE_VERSION_CHECK": "true",
    "CREWAI_TESTING": "true",
    "ANONYMIZED_TELEMETRY": "false",
    "DO_NOT_TRACK": "1",
}


def prepare() -> None:
    """Once per process, before the first import of CrewAI. The home folder holds what the import itself needs."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.environ.update(SWITCHES, HOME=str(FOLDER / "home"), CREWAI_STORAGE_DIR=str(FOLDER / "storage"))
    wipe()
    sys.stdin = Path(os.devnull).open()  # noqa: SIM115 - for the life of the process: nothing may ever ask a terminal
    warnings.filterwarnings("ignore", module=r"crewai|pydantic|chromadb")


def wipe() -> None:
    """Between executions: nothing of the last one is left, and the working folder is a fresh one."""
    os.chdir(tempfile.gettempdir())
    for name in ("work", "storage"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
        (FOLDER / name).mkdir(parents=True, exist_ok=True)
    os.chdir(WORK)
