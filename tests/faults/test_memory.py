"""Faults while a crew recalls and remembers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.user import crew, task
from tests.faults.calls import CHANGE_MEMORY, KEEP_VECTOR, KNOWLEDGE, READ_MEMORY, REMEMBER, RUNNER
from tests.faults.cases import Case, Expected
from tests.faults.harness import FaultHarness, seen
from tests.faults.proxy import Fault, How, Plan
from tests.faults.reliability import Findings
from tests.faults.table_rows import DescribedCase, run_all

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]
CALLS = 5
"""The task's own, two of memory, and two for vectors."""


def remembering(key: str) -> dict[str, Any]:
    return crew(task(f"Do first of {key}. [[say ONE]]", "first"), name=key, memory=True)


def test_a_crew_remembers_once_whatever_dies(harness: FaultHarness, findings: Findings) -> None:
    def case(what: str, when: str, key: str, *faults: Fault, attempts: int = 2) -> DescribedCase:
        calls = {"first": CALLS, "second": 0, "third": 0}
        died = (1,) if attempts > 1 else ()
        expected = Expected(attempts=attempts, calls=calls, died=died)
        return DescribedCase(what, when, Case(key, faults, expected, config=remembering))

    killed, before, after = "the runner is killed", How.KILL_BEFORE, How.KILL_AFTER
    cases = [
        case("nothing", "–", "memory-clean", attempts=1),
        case(killed, "before it has read its memory", "memory-read", Fault(RUNNER, READ_MEMORY, before)),
        case(killed, "before it remembers", "memory-before", Fault(RUNNER, REMEMBER, before)),
        case(
            killed, "after it remembered, before that is in the journal", "memory-after", Fault(RUNNER, REMEMBER, after)
        ),
        case(
            "AWS's answer is lost",
            "of what is remembered",
            "memory-lost",
            Fault(RUNNER, REMEMBER, How.LOSE),
            attempts=1,
        ),
    ]
    findings.add("memory", run_all(harness, cases))
    for one in cases:
        kept = harness.get(f"/memory/records?scope=/crews/{one.case.key}")["records"]
        assert len(kept) == 1, one.when
        assert "ONE" in kept[0]["content"]


@pytest.mark.parametrize(
    ("key", "call", "how"),
    [
        ("moves-vector", KEEP_VECTOR, How.KILL_AFTER),
        ("moves-turning", CHANGE_MEMORY, How.KILL_BEFORE),
        ("moves-turned", CHANGE_MEMORY, How.KILL_AFTER),
        ("moves-settling", REMEMBER, How.KILL_AFTER),
    ],
)
def test_a_memory_moves_to_another_model_whatever_dies(harness: FaultHarness, key: str, call: str, how: How) -> None:
    scope = f"/crews/{key}"
    harness.until(harness.submit(remembering(key), key), "COMPLETED")
    plan = harness.proxy.add(Plan(key, [Fault(KNOWLEDGE, call, how)]))

    def moved() -> dict[str, Any] | None:
        assert harness.post("/memory/reembed", {"scope": scope, "embedder": "openai/another"}) == 202
        (found,) = [one for one in harness.get("/memory")["scopes"] if one["path"] == scope]
        return found if found["moving_to"] is None else None

    found = seen(moved, f"{scope} has moved", pause=2)
    assert plan.injected, "The fault never happened."
    assert (found["embedder"], found["records"], found["reason"]) == ("openai/another", 1, "")
    kept = harness.get(f"/memory/search?scope={scope}&query=ONE")["hits"]
    assert ["ONE" in hit["record"]["content"] for hit in kept] == [True]
