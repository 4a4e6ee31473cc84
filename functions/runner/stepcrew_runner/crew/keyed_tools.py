"""CrewAI's tools that need a key, given it as an object of their own.

The originals read it from the environment of the process whenever they are called: an abandoned call would find the key
of whoever runs then. Adapted to crewai-tools 1.15.30 (serper_dev_tool.py, brave_search_tool/base.py).
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

import requests
from crewai.tools import BaseTool

from stepcrew_runner.crew.seams import require

SECONDS = 10


def serper(module: ModuleType, key: str) -> BaseTool:
    """`module` is the original's. Raises `SeamMissing`."""
    for name in ("_make_api_request", "_get_search_url"):
        require(module.SerperDevTool, name, "the tool would look for its key in the environment")

    class SerperDevTool(module.SerperDevTool):
        def _make_api_request(self, search_query: str, search_type: str) -> dict[str, Any]:
            answer = requests.post(
                self._get_search_url(search_type),
                headers={"X-API-KEY": key},
                json={"q": search_query, "num": self.n_results},
                timeout=SECONDS,
            )
            answer.raise_for_status()
            return dict(answer.json())

    return SerperDevTool()


def brave(module: ModuleType, key: str) -> BaseTool:
    """`module` is that of the newer tool, which takes a key; the one of this name does not."""

    class BraveSearchTool(module.BraveWebSearchTool):
        name: str = "Brave Search"

    return BraveSearchTool(api_key=key)
