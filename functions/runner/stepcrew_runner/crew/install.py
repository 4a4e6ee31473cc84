"""What is put into libraries, once per process and before any crew."""

from __future__ import annotations

import logging

from stepcrew_runner.crew import flow_seams, memory_seams, seams, servers, tool_calls
from stepcrew_runner.gate import transports


def install() -> None:
    """Every call of a model or a tool passes a gate from here on. Repeating it is harmless. Raises `SeamMissing`."""
    seams.check(*memory_seams.MEMORY_SEAMS, *flow_seams.FLOW_SEAMS)
    seams.call_servers_once()
    transports.install()
    tool_calls.install()
    servers.install()
    seams.keep_the_date()
    memory_seams.keep_ages()
    # It would warn with each picture that nothing measures its edges: the provider tells where one is too long.
    logging.getLogger("crewai_files").setLevel(logging.ERROR)
