"""The one tool that a function serves."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from crewai.tools import BaseTool
from pydantic import BaseModel
from pydantic_core import to_jsonable_python

from stepcrew_runner.isolation import environment
from stepcrew_runner.project.bundle import Bundle
from stepcrew_runner.project.loading import EntryNotUsable, prepare_imports

MANIFEST = "tool.json"


class ToolManifest(BaseModel):
    """What a bundle says of its tool: the entry as `module:object`, and the names that its code reads from its
    environment."""

    entry: str
    environment: list[str] = []


class ServedTool:
    """Calls a bundle's tool. Nothing of one call is there in the next one, but imported packages.

    Args:
        secret: the value of a secret of the group; None when it has none of that name.
    """

    def __init__(self, bundle: Bundle, secret: Callable[[str], str | None]) -> None:
        self._bundle = bundle
        self._secret = secret
        self._manifest = ToolManifest.model_validate_json((bundle.folder / MANIFEST).read_bytes())
        bundle.use_packages()

    def call(self, arguments: Mapping[str, Any]) -> Any:
        """What the tool answers, as JSON. Raises what it raises, and `EntryNotUsable`."""
        found = {name: self._secret(name) for name in self._manifest.environment}
        with (
            environment.workspace(),
            environment.extra_variables({name: value for name, value in found.items() if value}),
        ):
            return to_jsonable_python(self._tool().run(**arguments), fallback=str)

    def _tool(self) -> BaseTool:
        module, _, name = self._manifest.entry.partition(":")
        prepare_imports(module, self._bundle.source)
        found = getattr(importlib.import_module(module), name, None)
        made = found() if inspect.isclass(found) else found
        if not isinstance(made, BaseTool):
            raise EntryNotUsable(f"{self._manifest.entry} is no tool of CrewAI.")
        return made
