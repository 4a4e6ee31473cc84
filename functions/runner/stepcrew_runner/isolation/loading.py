"""What is set while CrewAI is imported: no telemetry, no questions, no look for settings, no collection of garbage.

This module imports nothing of CrewAI. Sources: crewai_core/token_manager.py, crewai_core/telemetry.py,
crewai/execution.py of the pinned version.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path

SWITCHES = {
    "CREWAI_DISABLE_TELEMETRY": "true",
    "OTEL_SDK_DISABLED": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "CREWAI_DISABLE_VERSION_CHECK": "true",
    "CREWAI_TESTING": "true",
    "ANONYMIZED_TELEMETRY": "false",
    "DO_NOT_TRACK": "1",
    "AWS_EC2_METADATA_DISABLED": "true",  # nobody finds credentials by looking for them
    "PYTHON_DOTENV_DISABLED": "1",  # CrewAI and its tools read a .env file when they are imported
}


def begin(folder: Path) -> None:
    """Before the first import of CrewAI, which needs a home below this folder and remembers where it is."""
    os.environ.update(SWITCHES, HOME=str(folder / "home"), CREWAI_STORAGE_DIR=str(folder / "storage"))
    # Nothing that the imports make is garbage: collecting in between takes a fifth of their time and frees nothing.
    gc.disable()


def end() -> None:
    """After the last import. What the imports made lives as long as the process: no collection needs to look at it."""
    gc.freeze()
    gc.enable()
