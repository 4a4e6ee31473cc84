"""Faults while a crew recalls and remembers."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.user import crew, task
from tests.faults.calls import READ_MEMORY, REMEMBER, RUNNER
from tests.faults.cases import Case, Expected
from tests.faults.harness import FaultHarness
from tests.faults.proxy import Fault, How
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
