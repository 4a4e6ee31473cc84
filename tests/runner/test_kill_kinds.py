"""An attempt dies inside each kind of call, and right after it: what was answered is never paid for again.

The table of it in docs/reliability.md is made here; STEPCREW_WRITE_RELIABILITY=1 writes it. How a process is really
killed is played by test_kill.py.
"""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import NamedTuple

import pytest

from scripted_model import ScriptedModel
from stepcrew_runner.isolation import addresses
from tests.runner.harness import Harness
from tests.runner.project_harness import ProjectHarness
from tests.runner.test_flows import REPORT
from tests.runner.test_journal import CREWS, Death, killed_and_run_on, paid

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = (ROOT / "docs/reliability.md", ROOT / "tests/faults/reliability.md")
WRITE = "STEPCREW_WRITE_RELIABILITY"
HEADS = ("dies in", "model calls of an undisturbed run", "inside the call", "right after it")


class Kind(NamedTuple):
    """`write` is the number of the write into the journal that the first call of this kind ends with."""

    words: str
    crew: str
    write: int


KINDS = (
    Kind("a crew task's model call", "task", 2),
    Kind("a tool call", "tool", 2),
    Kind("a coworker's model call, in delegated work", "delegated", 2),
    Kind("a coworker's tool call", "delegated", 3),
    Kind("an agent's plan, before it works", "reasoning", 1),
    Kind("the crew's planner", "planner", 1),
    Kind("a guardrail that asks a model", "guardrail", 2),
    Kind("a task with structured output", "converter", 1),
    Kind("a manager's model call", "manager", 1),
    Kind("a declarative flow's crew", "declarative", 1),
    Kind("a declarative flow's agent", "declarative", 2),
    Kind("a project's flow, in a model call of its own", "city_flow", 1),
    Kind("a project's flow, in a crew's model call", "city_flow", 2),
    Kind("a project's tool call", "order_flow", 2),
)
STATE = {"type": "dict", "default": {"topic": "tides", "place": "Bergen"}}
FLOW = {"schema": "crewai.flow/v1", "name": "Report", "state": STATE, "methods": REPORT}
PROJECTS = {
    "city_flow": {"entry": "city_flow.main:CityFlow", "kind": "flow"},
    "order_flow": {"entry": "main:OrderFlow", "kind": "flow"},
}
DOCUMENTS_OF = {**CREWS, "declarative": FLOW, **PROJECTS}


class Calls(NamedTuple):
    whole: int
    inside: int
    after: int


@pytest.fixture(scope="module")
def found() -> dict[Kind, Calls]:
    """What was played already."""
    return {}


def harness_of(model: ScriptedModel, kind: Kind) -> Harness:
    return ProjectHarness(model, Path(tempfile.mkdtemp()), kind.crew) if kind.crew in PROJECTS else Harness(model)


@pytest.fixture(autouse=True)
def as_in_a_projects_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "_serves_project", True)


def played(model: ScriptedModel, found: dict[Kind, Calls], kind: Kind) -> Calls:
    """How many requests the model saw; asserts that the execution ended as if nothing had happened."""
    if kind in found:
        return found[kind]
    model.reset()
    undisturbed = harness_of(model, kind).run(DOCUMENTS_OF[kind.crew])
    requests = [len(model.requests)]
    for is_kept in (False, True):
        model.reset()
        ended, lost = killed_and_run_on(harness_of(model, kind), DOCUMENTS_OF[kind.crew], [Death(kind.write, is_kept)])
        assert ended.answer.attempt > 1, ended.execution.error
        assert len(lost) == (not is_kept)
        assert paid(ended) == paid(undisturbed), ended.execution.error
        requests.append(len(model.requests))
    found[kind] = Calls(*requests)
    return found[kind]


@pytest.mark.parametrize("kind", KINDS, ids=[kind.words for kind in KINDS])
def test_a_death_costs_at_most_the_model_call_in_flight(
    model: ScriptedModel, found: dict[Kind, Calls], kind: Kind
) -> None:
    calls = played(model, found, kind)
    assert calls.inside == calls.whole + ("tool call" not in kind.words)
    assert calls.after == calls.whole


def test_the_document_tells_it(model: ScriptedModel, found: dict[Kind, Calls]) -> None:
    lines: list[tuple[str, ...]] = [HEADS, ("---",) * len(HEADS)]
    for kind in KINDS:
        calls = played(model, found, kind)
        more = [f"{calls.whole} + {one - calls.whole}".removesuffix(" + 0") for one in (calls.inside, calls.after)]
        lines.append((kind.words, str(calls.whole), *more))
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    for document in DOCUMENTS:
        text = re.sub(rf"\| {HEADS[0]} \|.*?\n\n", f"{table}\n\n", document.read_text(), flags=re.DOTALL)
        if os.environ.get(WRITE):
            document.write_text(text)
        assert document.read_text() == text, f"{document.name} is not what was found: run with {WRITE}=1"
        assert table in text
