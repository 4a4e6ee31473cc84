"""Where things lie in this checkout."""

from __future__ import annotations

from pathlib import Path

from stepcrew_local.errors import StackError

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"
PROJECT_TEMPLATE = ROOT / "projects" / "template.yaml"
TOOL_TEMPLATE = ROOT / "projects" / "tool.yaml"
CONSOLE = ROOT / "console" / "dist"


def python_of(environment: str) -> Path:
    """The interpreter of one of the virtual environments.

    Raises:
        StackError: it has not been made yet.
    """
    python = ROOT / ".venvs" / environment / "bin" / "python"
    if not python.exists():
        raise StackError(
            f"The virtual environment .venvs/{environment} is missing.",
            f"Make it with: python3 scripts/bootstrap.py {environment}",
        )
    return python
