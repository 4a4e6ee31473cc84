"""The tools of the allow-list, made fresh for every agent."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from types import ModuleType

from crewai.tools import BaseTool

from stepcrew.domain.errors import Category, StepcrewError
from stepcrew.domain.tools import FILE_READ, TOOLS, canonical_tool_name
from stepcrew_runner.crew.keyed_tools import brave, serper
from stepcrew_runner.crew.own_tools import CalculatorTool, CurrentTimeTool


class ToolNotUsable(StepcrewError):
    """A tool lacks what it needs."""

    category = Category.TOOL
    remedy = "Store the secret in your group (stepcrew secrets set NAME), or remove the tool."


OWN: dict[str, Callable[[], BaseTool]] = {"CalculatorTool": CalculatorTool, "CurrentTimeTool": CurrentTimeTool}
MODULES = {
    "SerperDevTool": "serper_dev_tool.serper_dev_tool",
    "ScrapeWebsiteTool": "scrape_website_tool.scrape_website_tool",
    "BraveSearchTool": "brave_search_tool.brave_web_tool",
    "ArxivPaperTool": "arxiv_paper_tool.arxiv_paper_tool",
}
KEYED: dict[str, Callable[[ModuleType, str], BaseTool]] = {"SerperDevTool": serper, "BraveSearchTool": brave}
"""How a tool is given its one secret."""


def make_tool(name: str, secrets: Mapping[str, str], reads_files: Callable[[], BaseTool] | None = None) -> BaseTool:
    """`reads_files` makes the tool for the crew's own files. Raises `ToolNotUsable` when the tool is not on the list or
    something it needs is missing."""
    spec = TOOLS.get(canonical_tool_name(name))
    if spec is None:
        raise ToolNotUsable(f"There is no tool {name!r} here.")
    missing = [secret for secret in spec.secrets if not secrets.get(secret)]
    if missing:
        raise ToolNotUsable(f"The tool {spec.name} needs the secret {missing[0]}, which your group has not stored.")
    if spec.name == FILE_READ:
        if reads_files is None:
            raise ToolNotUsable("There are no files here.", remedy=f"Remove {FILE_READ}.")
        return reads_files()
    if spec.name in OWN:
        return OWN[spec.name]()
    module = _module(MODULES[spec.name])
    if spec.secrets:
        return KEYED[spec.name](module, *(secrets[name] for name in spec.secrets))
    return getattr(module, spec.name)()


def _module(path: str) -> ModuleType:
    """A module of crewai_tools without the package's own `__init__`, which imports all of its hundred tools: two
    seconds and 40 MB for one of them."""
    for package in ("crewai_tools", "crewai_tools.tools"):
        if package not in sys.modules:
            spec = importlib.util.find_spec(package)
            if spec is None:
                raise ToolNotUsable(f"{package} is not installed.", remedy="Tell the operator.")
            sys.modules[package] = bare = ModuleType(package)
            bare.__spec__, bare.__path__ = spec, list(spec.submodule_search_locations or ())
    return importlib.import_module(f"crewai_tools.tools.{path}")
