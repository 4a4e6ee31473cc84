"""The tools a definition may name: an allow-list, because crews of all groups run in the same function.

A tool is here when it reads nothing of the platform, writes no file and starts no process. `secrets` are the names of
the group's secrets it needs; `network` says that it talks to the outside (addresses are checked at the socket);
`has_effects` that its calls change something there: none is repeated without a person's word.
"""

from __future__ import annotations

from typing import NamedTuple


class ToolSpec(NamedTuple):
    name: str
    summary: str
    secrets: tuple[str, ...] = ()
    network: bool = False
    has_effects: bool = False


FILE_READ = "FileReadTool"

TOOLS: dict[str, ToolSpec] = {
    spec.name: spec
    for spec in (
        ToolSpec("CalculatorTool", "Evaluates an arithmetic expression exactly."),
        ToolSpec("CurrentTimeTool", "Tells the current date and time in a time zone."),
        ToolSpec(FILE_READ, "Reads the files of the group that the crew names in `files`."),
        ToolSpec("SerperDevTool", "Searches the web with Serper.", ("SERPER_API_KEY",), True),
        ToolSpec("ScrapeWebsiteTool", "Reads the text of a public web page.", (), True),
        ToolSpec("BraveSearchTool", "Searches the web with Brave.", ("BRAVE_API_KEY",), True),
        ToolSpec("ArxivPaperTool", "Finds papers on arXiv.", (), True),
    )
}


def canonical_tool_name(name: str) -> str:
    """Accepts CrewAI's fully qualified form too: `crewai_tools:SerperDevTool`."""
    return name.removeprefix("crewai_tools:").strip()
