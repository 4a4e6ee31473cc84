"""What checking a document costs: work grows with its size and no faster, and ends where there are faults enough.

Work is counted as calls of functions, Python's own and C's; a document of twice the size may take twice the calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.counting import calls_of

from stepcrew.domain.faults import MAX_FAULTS
from stepcrew.domain.models import ModelRules
from stepcrew.services.check_crew import examine_crew

Document = dict[str, Any]
AGENT: Document = {"role": "r", "goal": "g", "backstory": "b"}
TASK: Document = {"description": "d", "expected_output": "e", "agent": "a"}


RULES = ModelRules("openai/x", ["*"])


def crew(agent: Document | None = None, *tasks: Document, **more: Any) -> Document:
    return {"agents": {"a": {**AGENT, **(agent or {})}}, "tasks": list(tasks) or [TASK], **more}


def schema(**more: Any) -> Document:
    return crew(None, {**TASK, "output_json": {"type": "object", "properties": {"a": {}}, **more}})


def names(number: int) -> list[str]:
    return [f"none-{n:06d}-{'x' * 150}" for n in range(number)]


def chain(number: int, times: int) -> Document:
    """Schemas each of which names the next one so many times."""
    return {f"p{n}": {"anyOf": [{"$ref": f"#/$defs/p{n + 1}"}] * times} for n in range(number)} | {f"p{number}": {}}


WORST: dict[str, Callable[[int], Document]] = {
    "unknown fields": lambda n: {**crew(), **dict.fromkeys(names(n), 1)},
    "unknown fields of a model": lambda n: crew({"llm": {"model": "openai/x", **dict.fromkeys(names(n), 1)}}),
    "many agents": lambda n: {"agents": {f"a{m}": AGENT for m in range(n)}, "tasks": [TASK]},
    "many tasks": lambda n: crew(None, *({**TASK, "name": f"t{m}"} for m in range(n))),
    "unknown context": lambda n: crew(None, *({**TASK, "name": f"t{m}", "context": names(n // 10)} for m in range(40))),
    "unknown tools": lambda n: crew({"tools": names(n)}),
    "tools that are no texts": lambda n: crew({"tools": [1] * n}),
    "unknown deciders": lambda n: crew(approval={"deciders": names(n)}),
    "missing inputs": lambda n: crew(None, {**TASK, "description": "".join(f"{{n{m}}}" for m in range(n))}),
    "open braces": lambda n: crew(None, {**TASK, "description": "{a" * n}),
    "references": lambda n: schema(allOf=[{"$ref": "#/$defs/p0"}] * n, **{"$defs": chain(n, 1)}),
    "wrong references": lambda n: schema(allOf=[{"$ref": "#/nowhere"}] * n),
    "doubled references": lambda n: schema(allOf=[{"$ref": "#/$defs/p0"}], **{"$defs": chain(n, 2)}),
    "patterns": lambda n: schema(anyOf=[{"pattern": f"^(a+)+{m}$"} for m in range(n)]),
    "large patterns": lambda n: schema(anyOf=[{"pattern": r"\w{49}" + str(m)} for m in range(n)]),
    "yaml of nested lists": lambda n: crew(None, tasks_yaml="- [" + "[]," * n + "]"),
    "yaml of keys that stand twice": lambda n: {"agents_yaml": "a: 1\n" * n, "tasks": [TASK]},
    "yaml in base 60": lambda n: {"agents_yaml": "a: 1" + ":1" * n, "tasks": [TASK]},
}  # fmt: skip


@pytest.mark.parametrize("kind", WORST)
def test_work_grows_no_faster_than_the_document_and_faults_are_bounded(kind: str) -> None:
    def check(size: int) -> int:
        document = WORST[kind](size)
        examined = examine_crew(document, None, RULES, 30)
        assert len(examined.faults) <= MAX_FAULTS
        return calls_of(lambda: examine_crew(document, None, RULES, 30))

    check(50)  # what is made at its first use, and kept
    once, twice = check(500), check(1000)
    assert twice <= 2.2 * once + 2_000
    assert twice < 250_000


def test_inputs_are_not_written_out_to_find_that_they_are_too_long() -> None:
    class Counted(str):
        used = 0

        def __str__(self) -> str:
            Counted.used += 1
            return "x" * 900_000

    document = crew(None, *({**TASK, "name": f"t{n}", "description": "{a}" * 10} for n in range(60)))
    examined = examine_crew(document, {"a": Counted()}, RULES, 30)
    assert {fault.code for fault in examined.faults} == {"too_long"}
    assert Counted.used == 1
