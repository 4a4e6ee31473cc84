"""How the function tools of groups are called. `stepcrew.aws.tool_functions` implements it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from stepcrew.domain.function_tool import FunctionTool


class ToolFunctions(Protocol):
    def call(self, tool: FunctionTool, arguments: Mapping[str, Any]) -> str:
        """One call, never repeated by itself; what the function answers, as text: JSON where it is no text. Raises
        `FunctionFailed`, which the model is told."""
        ...
