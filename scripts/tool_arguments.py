"""Writes layers/core/stepcrew/tool_arguments.json from the classes of the tools, with the runner's Python.

The API, which has no CrewAI, tells them; a test of the runner compares them.
"""

from __future__ import annotations

import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "functions/runner"), str(ROOT / "layers/core")]


def of_no_crew() -> dict[str, Any]:
    """The tools that work with what a crew names, made for nobody."""
    from stepcrew.domain.tools import FILE_READ, WEBSITE_SEARCH
    from stepcrew_runner.crew.files import FileReadTool
    from stepcrew_runner.crew.searching import FILE_TOOLS, WebsiteSearchTool

    def find(*_: Any) -> list[Any]:
        return []

    made = {name: partial(tool, names=[], find=find) for name, tool in FILE_TOOLS.items()}
    page = partial(WebsiteSearchTool, find=find, read=str)
    return {**made, FILE_READ: partial(FileReadTool, names=[], read=str), WEBSITE_SEARCH: page}


def current() -> dict[str, Any]:
    from stepcrew.domain.tools import TOOLS
    from stepcrew_runner.crew.tools import make_tool

    return {
        name: make_tool(name, dict.fromkeys(spec.secrets, "none"), of_no_crew()).args_schema.model_json_schema()
        for name, spec in TOOLS.items()
    }


if __name__ == "__main__":
    from stepcrew import tool_arguments

    tool_arguments.FILE.write_text(json.dumps(current(), indent=1, ensure_ascii=False) + "\n")
