"""Puts what lies beside it in a checkout into the package: the examples, so that `stepcrew run haiku` works without a
checkout, and the templates of functions, for `stepcrew deploy`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ExamplesHook(BuildHookInterface[Any]):
    """Called by hatchling before it builds. A source distribution holds all of it in the package already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        for name in ("examples", "projects"):
            folder = Path(self.root).parent / name
            if version != "editable" and folder.is_dir():
                build_data["force_include"][str(folder)] = f"stepcrew_cli/{name}"
