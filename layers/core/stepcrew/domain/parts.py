"""What the parts of a definition name: texts, tools and models, each with its path; asked by all who need them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from stepcrew.domain.connection import connection_of
from stepcrew.domain.definition import CrewDefinition, ModelSettings
from stepcrew.domain.flow import FlowDefinition
from stepcrew.domain.knowledge_settings import KnowledgeSource
from stepcrew.domain.memory import SHARED, crew_root, scope_part
from stepcrew.domain.memory_settings import MemorySettings
from stepcrew.domain.models import parse_model_name
from stepcrew.domain.placeholders import names_in
from stepcrew.domain.places import Path
from stepcrew.domain.submission import Submission
from stepcrew.domain.tools import FILE_SEARCHES, WEBSITE_SEARCH, canonical_tool_name


def texts_of(crew: CrewDefinition) -> Iterator[tuple[Path, str]]:
    """Every text in which placeholders are replaced, with its path."""
    for name, agent in crew.agents.items():
        for field in ("role", "goal", "backstory"):
            yield ("agents", name, field), getattr(agent, field)
    for index, task in enumerate(crew.tasks):
        for field in ("description", "expected_output"):
            yield ("tasks", str(index), field), getattr(task, field)
        if task.output_file:
            yield ("tasks", str(index), "output_file"), task.output_file
    yield from ((one.path, one.template) for one in files_shown_by(crew))


def placeholders_of(submission: Submission) -> list[str]:
    """The names of the inputs it takes, sorted: those in its texts, those a project was deployed with, or what a
    flow begins with and reads."""
    if submission.project:
        return sorted(set(submission.project.inputs))
    if submission.flow:
        return FlowDefinition.model_validate(submission.flow).inputs
    return sorted({name for _, text in texts_of(submission.definition) for name in names_in(text)})


def tool_lists(crew: CrewDefinition) -> Iterator[tuple[Path, list[str]]]:
    """Every list of tools, as written."""
    for name, agent in crew.agents.items():
        yield ("agents", name, "tools"), agent.tools
    for index, task in enumerate(crew.tasks):
        yield ("tasks", str(index), "tools"), task.tools


def tools_of(crew: CrewDefinition) -> set[str]:
    """Every tool of the crew, by its name in the allow-list."""
    return {canonical_tool_name(name) for _, names in tool_lists(crew) for name in names}


class ShownFile(NamedTuple):
    """A file that models are shown, named by the definition at `path` or by an input. `task` is the position of the
    task it is shown in; None is all of them. `template` is its name, and may have placeholders."""

    key: str
    template: str
    task: int | None = None
    path: Path = ()


def files_shown_by(crew: CrewDefinition) -> Iterator[ShownFile]:
    """What the definition itself names."""
    for key, template in crew.input_files.items():
        yield ShownFile(key, template, None, ("input_files", key))
    for index, task in enumerate(crew.tasks):
        for key, template in task.input_files.items():
            yield ShownFile(key, template, index, ("tasks", str(index), "input_files", key))


class MemoryUse(NamedTuple):
    """A memory that is asked for. `agent` is whose own it is; None is the crew's. `embedder` is null where the
    operator's is used, and `scope` the path of all that is remembered here."""

    path: Path
    agent: str | None
    settings: MemorySettings
    embedder: str | None
    scope: str


def memory_uses(crew: CrewDefinition, stored_name: str | None = None) -> Iterator[MemoryUse]:
    """The crew's memory first. A stored crew's lies under the name it is stored by."""
    crew_name = stored_name or crew.name
    own: list[tuple[Path, str | None, MemorySettings | None]] = [(("memory",), None, crew.memory)]
    own += [(("agents", name, "memory"), name, agent.memory) for name, agent in crew.agents.items()]
    for path, agent, settings in own:
        if settings is None:
            continue
        scope = SHARED if settings.scope == "shared" else crew_root(crew_name)
        if agent is not None:
            # Below its crew in the shared memory too: agents of two crews may have the same name.
            crew_part = f"/{scope_part(crew_name)}" if scope == SHARED else ""
            scope = f"{scope}{crew_part}/agent/{scope_part(agent)}"
        yield MemoryUse(path, agent, settings, settings.embedder or crew.embedder, scope)


def knowledge_uses(crew: CrewDefinition) -> Iterator[tuple[Path, str | None, list[KnowledgeSource]]]:
    """What is known, with its path and whose it is: None is the crew's, which every agent is told."""
    own: list[tuple[Path, str | None, list[KnowledgeSource]]] = [(("knowledge_sources",), None, crew.knowledge_sources)]
    own += [(("agents", name, "knowledge_sources"), name, one.knowledge_sources) for name, one in crew.agents.items()]
    return ((path, agent, sources) for path, agent, sources in own if sources)


def embedders_of(crew: CrewDefinition) -> Iterator[tuple[Path, str | None]]:
    """The embedding models that are asked for, each with the path where it is or could be named; null is the
    operator's."""
    for use in memory_uses(crew):
        named_here = use.settings.embedder is not None or use.embedder is None
        yield ((*use.path, "embedder") if named_here else ("embedder",)), use.embedder
    if any(knowledge_uses(crew)) or tools_of(crew) & {*FILE_SEARCHES, WEBSITE_SEARCH}:
        yield ("embedder",), crew.embedder


def model_settings(crew: CrewDefinition) -> Iterator[tuple[Path, ModelSettings]]:
    """Every model that is named, fallbacks too."""
    candidates: list[tuple[Path, ModelSettings | None]] = [
        ((field,), getattr(crew, field)) for field in ("model", "manager_llm", "planning_llm", "function_calling_llm")
    ]
    for name, agent in crew.agents.items():
        candidates.append((("agents", name, "llm"), agent.llm))
        candidates.append((("agents", name, "function_calling_llm"), agent.function_calling_llm))
        if agent.planning_config:
            candidates.append((("agents", name, "planning_config", "llm"), agent.planning_config.llm))
    candidates += [((*use.path, "llm"), use.settings.llm) for use in memory_uses(crew)]
    for path, settings in candidates:
        if settings:
            yield path, settings
            for number, fallback in enumerate(settings.in_turn):
                yield (*path, "fallbacks", str(number)), fallback


def models_asked(crew: CrewDefinition, fallbacks: Mapping[str, Sequence[str]]) -> Iterator[tuple[Path, ModelSettings]]:
    """Every model that may be asked: those that are named, and what the connections of those without fallbacks have as
    `fallbacks`, by the connection's name."""
    for path, settings in model_settings(crew):
        yield path, settings
        if settings.fallbacks is None and "fallbacks" not in path:
            for name in fallbacks.get(connection_of(settings.model) or "", ()):
                yield path, settings.model_copy(update={"model": name})


def connections_of(crew: CrewDefinition) -> set[str]:
    """The names of the connections whose models are named."""
    return {name for _, settings in model_settings(crew) if (name := connection_of(settings.model))}


def without_own_model(crew: CrewDefinition) -> Iterator[tuple[Path, str]]:
    """Who names no model of their own, with the path where they would."""
    for name, agent in crew.agents.items():
        if agent.llm is None:
            yield ("agents", name, "llm"), f"Agent {name!r}"
    if crew.process == "hierarchical" and crew.manager_agent is None and crew.manager_llm is None:
        yield ("manager_llm",), "The manager"
    if crew.planning and crew.planning_llm is None:
        yield ("planning_llm",), "The planner"
    for use in memory_uses(crew):
        if use.settings.llm is None:
            yield (*use.path, "llm"), "Memory"


def models_of(crew: CrewDefinition, default: str) -> list[str]:
    """Every model the crew would call, as `provider/model`."""
    is_default_used = any(without_own_model(crew))
    names = [one.model for path, one in model_settings(crew) if path[0] != "model" or is_default_used]
    if is_default_used and crew.model is None:
        names.append(default)
    return sorted({str(parse_model_name(name) or name) for name in names if name})
