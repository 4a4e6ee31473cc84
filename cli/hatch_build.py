"""Puts what lies outside its folder in a checkout into the package: the reader of crews, which the API has too; the
examples, so that `stepcrew run haiku` works without a checkout; the templates of functions, for `stepcrew deploy`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ExamplesHook(BuildHookInterface[Any]):
    """Called by hatchling before it builds. A source distribution holds all of it in the package already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        outside = {
            "examples": "stepcrew_cli/examples",
            "projects": "stepcrew_cli/projects",
            "layers/core/stepcrew_reader": "stepcrew_reader",
        }
        for place, name in outside.items():
            folder = Path(self.root).parent / place
            if version != "editable" and folder.is_dir():
                build_data["force_include"][str(folder)] = name
