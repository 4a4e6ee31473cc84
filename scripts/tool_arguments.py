"""Writes layers/core/stepcrew/tool_arguments.json from the classes of the tools, with the runner's Python.

The API, which has no CrewAI, tells them; a test of the runner compares them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "functions/runner"), str(ROOT / "layers/core")]


def current() -> dict[str, Any]:
    from stepcrew.domain.tools import TOOLS
    from stepcrew_runner.crew.files import FileReadTool
    from stepcrew_runner.crew.tools import make_tool

    return {
        name: make_tool(
            name, dict.fromkeys(spec.secrets, "none"), lambda: FileReadTool(names=[], read=str)
        ).args_schema.model_json_schema()
        for name, spec in TOOLS.items()
    }


if __name__ == "__main__":
    from stepcrew import tool_arguments

    tool_arguments.FILE.write_text(json.dumps(current(), indent=1, ensure_ascii=False) + "\n")
