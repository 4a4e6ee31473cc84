"""What the tools of the allow-list take, made from their classes by scripts/tool_arguments.py."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("tool_arguments.json")


@cache
def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each tool's arguments, by its name."""
    return json.loads(FILE.read_text())
