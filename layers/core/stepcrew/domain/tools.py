"""The tools a definition may name: an allow-list, because crews of all groups run in the same function.

A tool is here when it reads nothing of the platform, writes no file and starts no process. `secrets` are the names of
the group's secrets it needs; `network` says that it talks to the outside (addresses are checked at the socket);
`has_effects` that its calls change something there: none is repeated without a person's word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class ToolSpec(NamedTuple):
    name: str
    summary: str
    secrets: tuple[str, ...] = ()
    network: bool = False
    has_effects: bool = False


FILE_READ = "FileReadTool"
WEBSITE_SEARCH = "WebsiteSearchTool"
FILE_SEARCHES: dict[str, tuple[str, ...]] = {
    "RagTool": (),
    "PDFSearchTool": ("pdf",),
    "CSVSearchTool": ("csv", "tsv"),
    "TXTSearchTool": ("txt", "log", "md"),
}
"""Tools that search the crew's files by their meaning, and the endings of those that each takes; none means all."""
BRAVE = ("BRAVE_API_KEY",)
BRIGHT_DATA = ("BRIGHT_DATA_API_KEY", "BRIGHT_DATA_ZONE")
SERPER = ("SERPER_API_KEY",)
SERPLY = ("SERPLY_API_KEY",)

TOOLS: dict[str, ToolSpec] = {
    spec.name: spec
    for spec in (
        ToolSpec("CalculatorTool", "Evaluates an arithmetic expression exactly."),
        ToolSpec("CurrentTimeTool", "Tells the current date and time in a time zone."),
        ToolSpec(FILE_READ, "Reads the files of the group that the crew names in `files`."),
        ToolSpec("RagTool", "Finds passages, by their meaning, in the files that the crew names in `files`."),
        ToolSpec("PDFSearchTool", "The same in those that are PDFs."),
        ToolSpec("CSVSearchTool", "The same in those that are CSV."),
        ToolSpec("TXTSearchTool", "The same in those that are plain text or Markdown."),
        ToolSpec(WEBSITE_SEARCH, "Finds passages of a public web page by their meaning.", (), True),
        ToolSpec("SerperDevTool", "Searches the web with Serper.", SERPER, True),
        ToolSpec("SerperScrapeWebsiteTool", "Reads a web page with Serper.", SERPER, True),
        ToolSpec("ScrapeWebsiteTool", "Reads the text of a public web page.", (), True),
        ToolSpec("URLReadTool", "Reads what is at a public address: a page, a text, a Word or Excel file.", (), True),
        ToolSpec("BraveSearchTool", "Searches the web with Brave.", BRAVE, True),
        ToolSpec("BraveWebSearchTool", "Searches the web with Brave.", BRAVE, True),
        ToolSpec("BraveNewsSearchTool", "Searches news with Brave.", BRAVE, True),
        ToolSpec("BraveImageSearchTool", "Searches images with Brave.", BRAVE, True),
        ToolSpec("BraveVideoSearchTool", "Searches videos with Brave.", BRAVE, True),
        ToolSpec("BraveLLMContextTool", "Finds passages for a question with Brave.", BRAVE, True),
        ToolSpec("BraveLocalPOIsTool", "Reads places that a search of Brave's found.", BRAVE, True),
        ToolSpec("BraveLocalPOIsDescriptionTool", "Reads descriptions of such places.", BRAVE, True),
        ToolSpec("BrightDataSearchTool", "Searches Google, Bing or Yandex with Bright Data.", BRIGHT_DATA, True),
        ToolSpec("BrightDataWebUnlockerTool", "Reads a web page with Bright Data.", BRIGHT_DATA, True),
        ToolSpec("JinaScrapeWebsiteTool", "Reads a web page with Jina.", ("JINA_API_KEY",), True),
        ToolSpec("ParallelSearchTool", "Searches the web with Parallel.", ("PARALLEL_API_KEY",), True),
        ToolSpec("SerplyWebSearchTool", "Searches the web with Serply.", SERPLY, True),
        ToolSpec("SerplyNewsSearchTool", "Searches news with Serply.", SERPLY, True),
        ToolSpec("SerplyScholarSearchTool", "Searches scholarly articles with Serply.", SERPLY, True),
        ToolSpec("ContextualAIRerankTool", "Orders texts by a question.", ("CONTEXTUAL_AI_API_KEY",), True),
        ToolSpec("ArxivPaperTool", "Finds papers on arXiv.", (), True),
    )
}


def files_for(tool: str, files: Sequence[str]) -> list[str] | None:
    """Those of the crew's files that a tool works on; None for a tool that works on none."""
    if tool == FILE_READ:
        return list(files)
    endings = FILE_SEARCHES.get(tool)
    if endings is None:
        return None
    return [name for name in files if not endings or name.rpartition(".")[2].lower() in endings]


def canonical_tool_name(name: str) -> str:
    """Accepts CrewAI's fully qualified form too: `crewai_tools:SerperDevTool`."""
    return name.removeprefix("crewai_tools:").strip()
