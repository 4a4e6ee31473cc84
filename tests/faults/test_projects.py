"""The functions of projects are killed: a crew with a tool that has effects, and a flow with two crews."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.test_projects import PROJECTS, deploy
from tests.faults.calls import BEGIN, END, PROJECT, STORE_OUTPUT, WRITE_JOURNAL
from tests.faults.cases import Case, Expected
from tests.faults.harness import FaultHarness
from tests.faults.processes import kill
from tests.faults.proxy import Fault, How, Plan
from tests.faults.reliability import Findings
from tests.faults.table_rows import DescribedCase, run_all
from tests.faults.test_durable import Person

pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]
BEFORE, AFTER = How.KILL_BEFORE, How.KILL_AFTER
WITH_TOOL = {"second": 2}
"""Model calls of the crew's second task: its answer follows the result of the tool."""


def test_a_killed_project_costs_at_most_the_model_call_in_flight(harness: FaultHarness, findings: Findings) -> None:
    crew = deploy(harness.user, PROJECTS / "killed_crew", "killed-crew")
    flow = deploy(harness.user, PROJECTS / "killed_flow", "killed-flow")

    def in_a_call_of(name: str) -> Callable[[str, Plan], None]:
        def during(_execution_id: str, plan: Plan) -> None:
            harness.called(f"Do {name} of {plan.marker.decode()}.")
            assert kill(plan.pids[PROJECT])

        return during

    def of_crew(when: str, key: str, fault: Fault) -> DescribedCase:
        expected = Expected(attempts=2, died=(1,), calls=WITH_TOOL)
        return DescribedCase("a crew", when, Case(key, [fault], expected, stored=crew))

    def of_flow(when: str, key: str, fault: Fault) -> DescribedCase:
        return DescribedCase("a flow", when, Case(key, [fault], Expected(attempts=2, died=(1,)), stored=flow))

    asked = Expected(attempts=3, died=(1,), calls=WITH_TOOL)
    effect = Case(
        "crew-effect",
        [Fault(PROJECT, WRITE_JOURNAL, AFTER, 3)],
        asked,
        during=Person(harness).patient,
        stored=crew,
    )
    in_flow = Expected(attempts=2, died=(1,), calls={"third": 2}, unknown=1)
    own_call = Case("flow-own-call", [], in_flow, during=in_a_call_of("third"), stored=flow)
    findings.add(
        "projects",
        run_all(
            harness,
            [
                of_crew("after it took the attempt", "crew-begun", Fault(PROJECT, BEGIN, AFTER)),
                of_crew("between the first and the second task", "crew-between", Fault(PROJECT, STORE_OUTPUT, AFTER)),
                DescribedCase("a crew", "in a tool call with effects; a person says that it is to be made", effect),
                of_crew("before the result is written", "crew-end", Fault(PROJECT, END, BEFORE)),
                of_flow("after it took the attempt", "flow-begun", Fault(PROJECT, BEGIN, AFTER)),
                of_flow("after its first crew's output is stored", "flow-between", Fault(PROJECT, STORE_OUTPUT, AFTER)),
                DescribedCase("a flow", "in a model call of its own", own_call),
                of_flow("before the result is written", "flow-end", Fault(PROJECT, END, BEFORE)),
            ],
            at_once=4,
        ),
    )
