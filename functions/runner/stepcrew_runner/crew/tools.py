"""The tools of the allow-list, made fresh for every agent."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType, ModuleType

from crewai.tools import BaseTool

from stepcrew.domain.errors import Category, StepcrewError
from stepcrew.domain.function_tool import FunctionTool
from stepcrew.domain.tools import TOOLS, canonical_tool_name
from stepcrew.services.tool_ports import ToolFunctions
from stepcrew_runner.crew.function_tools import LambdaTool
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


class ToolMaker:
    """Makes the tools of one attempt's crew: those of the allow-list, and the group's own. `of_crew` makes those that
    work with the crew's own files and its embedding model, by name."""

    def __init__(
        self,
        secrets: Mapping[str, str],
        own: Sequence[FunctionTool],
        functions: ToolFunctions,
        of_crew: Mapping[str, Callable[[], BaseTool]],
    ) -> None:
        self._secrets = secrets
        self._own = {tool.name: tool for tool in own}
        self._functions = functions
        self._of_crew = of_crew

    def make(self, name: str) -> BaseTool:
        """Raises `ToolNotUsable`, as `make_tool` does."""
        if name in self._own:
            return LambdaTool(self._own[name], self._functions)
        return make_tool(name, self._secrets, self._of_crew)


def make_tool(
    name: str, secrets: Mapping[str, str], of_crew: Mapping[str, Callable[[], BaseTool]] = MappingProxyType({})
) -> BaseTool:
    """Raises `ToolNotUsable` when the tool is not on the list or something it needs is missing."""
    spec = TOOLS.get(canonical_tool_name(name))
    if spec is None:
        raise ToolNotUsable(f"There is no tool {name!r} here.")
    missing = [secret for secret in spec.secrets if not secrets.get(secret)]
    if missing:
        raise ToolNotUsable(f"The tool {spec.name} needs the secret {missing[0]}, which your group has not stored.")
    made = of_crew.get(spec.name) or OWN.get(spec.name)
    if made is not None:
        return made()
    if spec.name not in MODULES:
        raise ToolNotUsable(f"{spec.name} works with what a crew names, and there is none.", remedy="Remove it.")
    module = tools_module(MODULES[spec.name])
    if spec.secrets:
        return KEYED[spec.name](module, *(secrets[name] for name in spec.secrets))
    return getattr(module, spec.name)()


def tools_module(path: str) -> ModuleType:
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


def read_page(address: str) -> str:
    """The text of a public web page, as ScrapeWebsiteTool reads it."""
    return make_tool("ScrapeWebsiteTool", {}).run(website_url=address)
