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
from stepcrew_runner.crew.keyed_tools import own_modules
from stepcrew_runner.crew.own_tools import CalculatorTool, CurrentTimeTool


class ToolNotUsable(StepcrewError):
    """A tool lacks what it needs."""

    category = Category.TOOL
    remedy = "Store the secret in your group (stepcrew secrets set NAME), or remove the tool."


OWN: dict[str, Callable[[], BaseTool]] = {"CalculatorTool": CalculatorTool, "CurrentTimeTool": CurrentTimeTool}
PACKAGE = "crewai_tools.tools"
BRAVE = "brave_search_tool.base"
MODULES: dict[str, tuple[str, ...]] = {
    "ArxivPaperTool": ("arxiv_paper_tool.arxiv_paper_tool",),
    "BraveImageSearchTool": (BRAVE, "brave_search_tool.brave_image_tool"),
    "BraveLLMContextTool": (BRAVE, "brave_search_tool.brave_llm_context_tool"),
    "BraveLocalPOIsDescriptionTool": (BRAVE, "brave_search_tool.brave_local_pois_tool"),
    "BraveLocalPOIsTool": (BRAVE, "brave_search_tool.brave_local_pois_tool"),
    "BraveNewsSearchTool": (BRAVE, "brave_search_tool.brave_news_tool"),
    "BraveSearchTool": (BRAVE, "brave_search_tool.brave_web_tool"),
    "BraveVideoSearchTool": (BRAVE, "brave_search_tool.brave_video_tool"),
    "BraveWebSearchTool": (BRAVE, "brave_search_tool.brave_web_tool"),
    "BrightDataSearchTool": ("brightdata_tool.brightdata_serp",),
    "BrightDataWebUnlockerTool": ("brightdata_tool.brightdata_unlocker",),
    "ContextualAIRerankTool": ("contextualai_rerank_tool.contextual_rerank_tool",),
    "JinaScrapeWebsiteTool": ("jina_scrape_website_tool.jina_scrape_website_tool",),
    "ParallelSearchTool": ("parallel_tools.parallel_search_tool",),
    "ScrapeWebsiteTool": ("scrape_website_tool.scrape_website_tool",),
    "SerperDevTool": ("serper_dev_tool.serper_dev_tool",),
    "SerperScrapeWebsiteTool": ("serper_scrape_website_tool.serper_scrape_website_tool",),
    "SerplyNewsSearchTool": ("serply_api_tool.serply_news_search_tool",),
    "SerplyScholarSearchTool": ("serply_api_tool.serply_scholar_search_tool",),
    "SerplyWebSearchTool": ("serply_api_tool.serply_web_search_tool",),
    "URLReadTool": ("url_read_tool.url_read_tool",),
}
"""Below `PACKAGE`: the module of each tool, behind those that its class is made of and that read its keys."""
TAKE_KEY = {"ContextualAIRerankTool", "JinaScrapeWebsiteTool"}
"""Tools that read no environment: they are made with their key."""


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
    _leave_package_empty()
    paths = [f"{PACKAGE}.{path}" for path in MODULES[spec.name]]
    keys = {name: secrets[name] for name in spec.secrets}
    if spec.name in TAKE_KEY:
        return getattr(importlib.import_module(paths[-1]), spec.name)(api_key=keys[spec.secrets[0]])
    module = own_modules(paths, keys) if keys else importlib.import_module(paths[-1])
    return brave(module) if spec.name == "BraveSearchTool" else getattr(module, spec.name)()


def brave(module: ModuleType) -> BaseTool:
    """The tool of this name asks an older interface of Brave: the newer one takes its place, under its name."""

    class BraveSearchTool(module.BraveWebSearchTool):
        name: str = "Brave Search"

    return BraveSearchTool()


def _leave_package_empty() -> None:
    """The package's own `__init__` would import all of its hundred tools: two seconds and 40 MB for one of them."""
    for package in ("crewai_tools", PACKAGE):
        if package not in sys.modules:
            spec = importlib.util.find_spec(package)
            if spec is None:
                raise ToolNotUsable(f"{package} is not installed.", remedy="Tell the operator.")
            sys.modules[package] = bare = ModuleType(package)
            bare.__spec__, bare.__path__ = spec, list(spec.submodule_search_locations or ())


def read_page(address: str) -> str:
    """The text of a public web page, as ScrapeWebsiteTool reads it."""
    return make_tool("ScrapeWebsiteTool", {}).run(website_url=address)
