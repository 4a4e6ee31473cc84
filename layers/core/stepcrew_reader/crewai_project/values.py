"""The arguments of CrewAI's `Agent(…)`, `Task(…)` and `Crew(…)` as the JSON values of a crew definition."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, cast

from stepcrew_reader.crew_source import local_tool_error
from stepcrew_reader.crewai_project.following import (
    Found,
    OnlyRunningTells,
    called_function,
    class_called,
    class_named,
    follow,
    follow_calls,
    name_of,
)
from stepcrew_reader.crewai_project.modules import Module
from stepcrew_reader.crewai_project.reading import elements, entries, keywords, literal, refused
from stepcrew_reader.crewai_project.schemas import ClassReader

MODELS = frozenset({"llm", "manager_llm", "planning_llm", "function_calling_llm"})
OUTPUT_CLASSES = frozenset({"output_json", "output_pydantic", "response_model"})
_FILES = ("file_paths", "file_path")
KNOWLEDGE_CLASSES = {
    "StringKnowledgeSource": ("content",),
    "TextFileKnowledgeSource": _FILES,
    "PDFKnowledgeSource": _FILES,
    "CSVKnowledgeSource": _FILES,
    "JSONKnowledgeSource": _FILES,
    "ExcelKnowledgeSource": _FILES,
    "CrewDoclingSource": _FILES,
}
"""Sources of knowledge that need no code, and the arguments that say what they are. What else is given them (how chunks
are cut) is the platform's affair."""
MODEL_CLASSES = frozenset({"LLM", "ChatOpenAI", "AzureChatOpenAI", "ChatAnthropic", "ChatGroq", "Ollama"})
_OF_THE_OPERATOR = frozenset({"api_key", "base_url", "api_base", "openai_api_key", "azure_endpoint"})
_MODEL_NAMES = frozenset({"model", "model_name"})
_DECIDES = frozenset({"process", "context", "agent", "manager_agent", "async_execution", "planning", "condition"})
"""Settings that decide what runs, in which order and with what: a crew without one of them is another crew."""

Naming = Callable[[Found], str]
"""The name of the agent or task that an expression stands for. Raises OnlyRunningTells when it is none."""


class Settings:
    """Reads keyword arguments. `agents` and `tasks` name the parts that expressions refer to; `left_out` collects what
    could not come along."""

    def __init__(self, agents: Naming, tasks: Naming) -> None:
        self._agents = agents
        self._tasks = tasks
        self.left_out: list[str] = []

    def read(self, call: Found, where: str, without: frozenset[str]) -> dict[str, Any]:
        """The settings of one call. Raises CrewFileError where a setting that decides what runs is computed, and for a
        tool of the project itself."""
        given, computed = keywords(call)
        if computed:
            raise refused(call, f"a part of {where} ({', '.join(computed)})")
        found: dict[str, Any] = {}
        for keyword, value in given.items():
            if keyword in without:
                continue
            try:
                found[keyword] = self._value(keyword, value, where)
            except (OnlyRunningTells, RecursionError) as error:
                if keyword in _DECIDES:
                    raise refused(value, f"{keyword} of {where}") from error
                self.left_out.append(f"{where}: {keyword}={value.text}")
        return found

    def _value(self, keyword: str, value: Found, where: str) -> Any:
        if keyword == "process":
            return _process(value)
        if keyword == "tools":
            return self.tools(value, where)
        if keyword in {"agent", "manager_agent"}:
            return self._agents(value)
        if keyword == "context":
            return None if _is_none(value) else [self._tasks(one) for one in elements(value)]
        if keyword == "knowledge_sources":
            return [source for each in elements(value) for source in _sources(each)]
        if keyword in MODELS:
            return self.model(value, where)
        if keyword in OUTPUT_CLASSES:
            return self._output(value, where)
        return literal(value)

    def tools(self, value: Found, where: str) -> list[str]:
        found: list[str] = []
        for element in elements(value):
            try:
                found.append(self.tool(element, where))
            except OnlyRunningTells:
                self.left_out.append(f"{where}: the tool {element.text}")
        return found

    def tool(self, value: Found, where: str) -> str:
        """The name of a tool of crewai-tools. Raises CrewFileError for one of the project's own."""
        _refuse_own(value)
        made = follow(value)
        if called_function(made):
            made = follow_calls(made)
        _refuse_own(made)
        name = class_called(made)
        if not isinstance(made.node, ast.Call) or not name[:1].isupper():
            raise OnlyRunningTells  # what a function gives, not a tool by its class
        if made.node.args or made.node.keywords:
            self.left_out.append(f"{where}: the arguments of {made.text}")
        return name

    def model(self, value: Found, where: str) -> Any:
        """`LLM(model="openai/gpt-4.1", temperature=0)` or a name; keys and addresses stay behind."""
        made = follow_calls(value)
        if class_called(made) not in MODEL_CLASSES:
            return literal(made)
        assert isinstance(made.node, ast.Call)
        given, computed = keywords(made)
        self.left_out += [f"{where}: {each} of {made.text}" for each in computed]
        if made.node.args:
            given.setdefault("model", made.within(made.node.args[0]))
        settings: dict[str, Any] = {}
        for keyword, setting in given.items():
            try:
                if keyword in _OF_THE_OPERATOR:
                    raise OnlyRunningTells
                settings["model" if keyword in _MODEL_NAMES else keyword] = literal(setting)
            except OnlyRunningTells:
                self.left_out.append(f"{where}: {keyword} of {class_called(made)}(…)")
        if "model" not in settings:
            raise OnlyRunningTells
        return settings["model"] if len(settings) == 1 else settings

    def _output(self, value: Found, where: str) -> Any:
        if _is_none(value):
            return None
        made = follow(value)
        there = class_named(made.scope.module, name_of(made.node))
        if not there:
            return {name: literal(entry) for name, entry in entries(made).items()}
        return self.schema(*there, where)

    def schema(self, found: ast.ClassDef, module: Module, where: str) -> dict[str, Any]:
        """The JSON Schema of a Pydantic class."""
        reader = ClassReader()
        schema = reader.schema(found, module)
        self.left_out += [f"{where}: {each}" for each in reader.left_out]
        return schema


def _sources(value: Found) -> list[dict[str, Any]]:
    """What CrewAI's classes for files and texts name, as a definition says it. Its files lie below `knowledge/`."""
    made = follow_calls(value)
    name = class_called(made)
    if not isinstance(made.node, ast.Call) or name not in KNOWLEDGE_CLASSES:
        raise OnlyRunningTells
    given, computed = keywords(made)
    wanted = next((given[each] for each in KNOWLEDGE_CLASSES[name] if each in given), None)
    if computed or wanted is None:
        raise OnlyRunningTells
    told: object = literal(wanted)
    if name == "StringKnowledgeSource":
        return [{"text": str(told)}]
    paths = cast("list[object]", told) if isinstance(told, list) else [told]
    return [{"file": str(path)} for path in paths]


def _process(value: Found) -> str:
    made = follow_calls(value)
    match made.node:
        case ast.Attribute(attr=name) if name in {"sequential", "hierarchical"}:
            return name
        case ast.Call(args=[only]) if class_called(made) == "Process":
            return str(literal(made.within(only)))
        case _:
            return str(literal(made))


def _refuse_own(value: Found) -> None:
    """Raises CrewFileError when the expression is a tool function, or an object of a class, of the project."""
    node, module = value.node, value.scope.module
    name = name_of(node.func if isinstance(node, ast.Call) else node)
    there = class_named(module, name)
    where = there[1] if there else _module_of_tool(module, name)
    if where:
        raise local_tool_error(where.path)


def _module_of_tool(module: Module, name: str) -> Module | None:
    """The file that defines the function of that name, if it is one that `@tool` makes a tool of."""
    where, original = module.imported(name) or (module, name)
    function = where.functions.get(original)
    decorators = function.decorator_list if function else []
    kinds = {name_of(one.func if isinstance(one, ast.Call) else one) for one in decorators}
    return where if "tool" in kinds else None


def _is_none(value: Found) -> bool:
    return isinstance(value.node, ast.Constant) and value.node.value is None
