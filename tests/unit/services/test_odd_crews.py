"""Whatever stands in a definition, checking it answers with faults and does not fail itself."""

from __future__ import annotations

import random
from typing import Any

import pytest

from stepcrew.domain import definition
from stepcrew.domain.definition import AgentDefinition, CrewDefinition, TaskDefinition
from stepcrew.domain.errors import Fault
from stepcrew.domain.models import ModelRules
from stepcrew.services.check_crew import examine_crew

AGENT: dict[str, Any] = {"role": "r", "goal": "g", "backstory": "b"}
TASK: dict[str, Any] = {"description": "d", "expected_output": "e", "agent": "a"}
LONG = "x" * 300
NAMES = ["a", "b", "-", "", LONG]
ODD: list[Any] = [
    *(None, True, False, 0, -1, 0.5, 1e308, 10**30, "", "a", "-", "\x00", "é" * 200, "x" * 5_000, "1" * 50),
    *("{a}", "{", "}}", "{a}{b}{c}", "a: 1", "- a", "[", "a: {b: c}", "openai/x", "CalculatorTool", "#/properties"),
    *("https://a.example/mcp", "object", "null", "\u202e"),
]


def fields() -> list[str]:
    """Every field that a part of a definition has or refuses, and some that none has."""
    found = {"agents_yaml", "tasks_yaml", "inputs", "secret", "$ref", "properties", *NAMES}
    for part in vars(definition).values():
        found |= set(getattr(part, "model_fields", {})) | set(getattr(part, "REFUSED", {}))
    return sorted(found)


FIELDS = fields()


class Writer(random.Random):
    """Writes definitions that are partly right."""

    def value(self, levels: int) -> Any:
        if levels == 0 or self.random() < 0.4:
            return self.choice(ODD)
        if self.random() < 0.6:
            return {self.choice(FIELDS): self.value(levels - 1) for _ in range(self.randint(0, 4))}
        return [self.value(levels - 1) for _ in range(self.randint(0, 3))]

    def part(self, sound: dict[str, Any]) -> Any:
        if self.random() < 0.2:
            return self.value(2)
        return sound | {self.choice(FIELDS): self.value(4) for _ in range(self.randint(0, 4))}

    def crew(self) -> dict[str, Any]:
        agents = {self.choice(NAMES): self.part(AGENT) for _ in range(self.randint(0, 3))}
        tasks = [self.part(TASK) for _ in range(self.randint(0, 3))]
        others = {self.choice(FIELDS): self.value(4) for _ in range(self.randint(0, 4))}
        return {
            "agents": self.choice([agents, agents, list(agents.values()), self.value(3)]),
            "tasks": self.choice([tasks, tasks, dict(zip(NAMES, tasks, strict=False)), self.value(3)]),
            **others,
        }


@pytest.mark.parametrize("part", [AgentDefinition, TaskDefinition, CrewDefinition])
def test_the_writer_knows_every_field(part: Any) -> None:
    assert set(part.model_fields) <= set(FIELDS)


def test_no_definition_is_too_odd_to_be_checked() -> None:
    rules = ModelRules("openai/x", ["*"])
    for seed in range(1_500):
        writer = Writer(seed)
        crew, inputs = writer.crew(), {writer.choice(NAMES): writer.value(2)}
        examined = examine_crew(crew, inputs, rules, 30)
        assert all(isinstance(fault, Fault) for fault in examined.faults), crew


@pytest.mark.parametrize("name", ["", LONG])
def test_an_agent_whose_name_cannot_be_used_is_a_fault_beside_tasks_that_cannot_be_read(name: str) -> None:
    examined = examine_crew({"agents": {name: AGENT}, "tasks": 1}, None, ModelRules("openai/x", ["*"]), 30)

    assert {fault.pointer for fault in examined.faults} == {f"/config/agents/{name}", "/config/tasks"}
