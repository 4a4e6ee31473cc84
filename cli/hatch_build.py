"""Puts what lies beside it in a checkout into the package: the examples, so that `stepcrew run haiku` works without a
checkout, and the template of a project's function, for `stepcrew deploy`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class ExamplesHook(BuildHookInterface[Any]):
    """Called by hatchling before it builds. A source distribution holds all of it in the package already."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        examples = Path(self.root).parent / "examples"
        if version != "editable" and examples.is_dir():
            build_data["force_include"][str(examples)] = "stepcrew_cli/examples"
            template = Path(self.root).parent / "projects" / "template.yaml"
            build_data["force_include"][str(template)] = "stepcrew_cli/project-template.yaml"
