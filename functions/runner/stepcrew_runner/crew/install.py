"""What is put into libraries, once per process and before any crew."""

from __future__ import annotations

from stepcrew_runner.crew import effects, tool_calls
from stepcrew_runner.gate import transports


def install() -> None:
    """Every call of a model or a tool passes a gate from here on. Repeating it is harmless."""
    transports.install()
    tool_calls.install()
    effects.install()
