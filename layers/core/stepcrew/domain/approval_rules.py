"""Whether a crew's rules about people can be kept: who decides, on which tools, until when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.parts import tools_of
from stepcrew.domain.places import Path
from stepcrew.domain.suggestions import suggest
from stepcrew.domain.tools import canonical_tool_name

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


class RuleFault(NamedTuple):
    path: Path
    code: str
    detail: str
    remedy: str = ""


def rule_faults(crew: CrewDefinition, retention_days: int | None) -> Iterator[RuleFault]:
    """`retention_days` is how long the platform keeps an execution; null when that is no concern."""
    for index, task in enumerate(crew.tasks):
        if task.human_input and task.async_execution:
            detail = f"Task {task.name!r} cannot be both: other tasks would run on while its answer waits for a person."
            yield RuleFault(
                ("tasks", str(index), "human_input"), "async_human_input", detail, "Remove async_execution."
            )
    known, may_be_more = _callable(crew)
    for position, name in enumerate(crew.effects):
        if canonical_tool_name(name) not in known and not may_be_more:
            detail = f"No agent and no task has the tool {name!r}, so it has no calls with effects."
            yield RuleFault(("effects", str(position)), "unknown_tool", detail, suggest(name, sorted(known)))
    rules = crew.approval
    if rules is None:
        return
    for position, name in enumerate(rules.deciders):
        if not _ADDRESS.fullmatch(name):
            detail = f"{name!r} is no e-mail address, so nobody's token would carry it."
            yield RuleFault(("approval", "deciders", str(position)), "decider", detail)
    for position, name in enumerate(rules.tools):
        if canonical_tool_name(name) not in known and not may_be_more:
            detail = f"No agent and no task has the tool {name!r}, so nobody would ever be asked about it."
            yield RuleFault(("approval", "tools", str(position)), "unknown_tool", detail, suggest(name, sorted(known)))
    asked = rules.timeout_seconds if "timeout_seconds" in rules.model_fields_set else 0
    if retention_days is not None and asked > retention_days * 24 * 3600:
        detail = f"Executions are kept for {retention_days} days here, and waiting cannot be longer."
        remedy = f"At most {retention_days * 24 * 3600}."
        yield RuleFault(("approval", "timeout_seconds"), "beyond_retention", detail, remedy)


def _callable(crew: CrewDefinition) -> tuple[set[str], bool]:
    """The tools whose names the definition tells, and whether an MCP server may bring others."""
    servers = [server for agent in crew.agents.values() for server in agent.mcps]
    named = {server.tool for server in servers if server.tool}
    return tools_of(crew) | named, any(server.tool is None for server in servers)
