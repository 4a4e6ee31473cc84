"""What must be set before CrewAI is imported: it writes below HOME and calls home unless told otherwise.

This module imports nothing of CrewAI. Sources: crewai_core/token_manager.py, crewai_core/telemetry.py,
crewai/execution.py of the pinned version.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
import warnings
from collections.abc import Generator
from contextlib import contextmanager
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
    "PYTHON_DOTENV_DISABLED": "1",  # CrewAI and its tools read a .env file when they are imported
}


def prepare() -> None:
    """Once per process, before the first import of CrewAI. The home folder holds what the import itself needs."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    os.environ.update(SWITCHES, HOME=str(FOLDER / "home"), CREWAI_STORAGE_DIR=str(FOLDER / "storage"))
    wipe()
    sys.stdin = Path(os.devnull).open()  # noqa: SIM115 - for the life of the process: nothing may ever ask a terminal
    warnings.filterwarnings("ignore", module=r"crewai|pydantic|chromadb")


_lock = threading.Lock()
_running = 0


@contextmanager
def workspace() -> Generator[None]:
    """While a crew runs. Nothing of the one before is there when it starts, nothing is left when it ends; where several
    run in one process, the folder is wiped before the first and after the last of them, never under a running one."""
    global _running
    with _lock:
        if _running == 0:
            wipe()
        _running += 1
    try:
        yield
    finally:
        with _lock:
            _running -= 1
            if _running == 0:
                wipe()


def wipe() -> None:
    """Removes what was written and makes the working folder a fresh one."""
    os.chdir(tempfile.gettempdir())
    for name in ("work", "storage"):
        shutil.rmtree(FOLDER / name, ignore_errors=True)
        (FOLDER / name).mkdir(parents=True, exist_ok=True)
    os.chdir(WORK)
