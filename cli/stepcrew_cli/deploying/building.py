"""From a project's folder to its bundle, on this machine alone."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from stepcrew_cli.api_paths import api_path
from stepcrew_cli.client import Client
from stepcrew_cli.deploying.bundle import make_bundle
from stepcrew_cli.deploying.environment import Packages, inspect
from stepcrew_cli.deploying.environment_names import SECRET
from stepcrew_cli.deploying.finding import Project
from stepcrew_cli.deploying.wire import ProjectRuntime

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "stepcrew"
TOOL_MANIFEST = "tool.json"
"""In the bundle of a tool: its entry, and the names that its code reads from its environment."""


class Built(NamedTuple):
    """A project or a tool as it would be stored. `report` is what it said of itself when it was imported."""

    project: Project
    report: dict[str, Any]
    packages: list[str]
    content: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def environment(self) -> list[str]:
        return names_read(self.project, self.report)

    @property
    def needs(self) -> dict[str, str]:
        """Names of the environment that it cannot do without, each with who asks for it: a tool, or a file's line."""
        of_tools = {name: who for name, who in self.report["needs"].items() if SECRET.match(name)}
        return {**of_tools, **self.project.needs}

    def told(self) -> dict[str, Any]:
        """What it is, for machines."""
        named = {"entry": self.project.entry, "bundle": self.digest, "packages": self.packages}
        return {**named, **self.report, "needs": self.needs}

    @property
    def size(self) -> str:
        files, packages = len(self.project.files), len(self.packages)
        return f"{files} files, {packages} packages of its own, {len(self.content) / 1e6:.1f} MB"


def build(client: Client, project: Project, *, platform_crewai: bool, as_tool: bool = False) -> Built:
    """Resolved, imported and packed; nothing is stored. Raises CliError with the place of what is wrong."""
    runtime = client.ask("GET", api_path("projects", "runtime")).read(ProjectRuntime)
    with tempfile.TemporaryDirectory() as folder:
        packages = Path(folder) / "packages"
        packages.mkdir()
        installer = Packages(runtime, CACHE)
        needed = installer.resolve(project, any_crewai=platform_crewai)
        installer.install(project, needed, packages)
        report = inspect(project, installer.python(), packages, os.environ, as_tool=as_tool)
        manifest = {"entry": project.entry, "environment": names_read(project, report)}
        more = {TOOL_MANIFEST: json.dumps(manifest).encode()} if as_tool else {}
        return Built(project, report, needed, make_bundle(project, packages, more))


def names_read(project: Project, report: dict[str, Any]) -> list[str]:
    """Names that the code reads from its environment, and those that its tools say they need."""
    return sorted({*project.environment, *(name for name in report["environment"] if SECRET.match(name))})
