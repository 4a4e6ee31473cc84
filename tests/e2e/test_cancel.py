from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from scripted_model import ScriptedModel
from tests.e2e.cancelling import cancel_one
from tests.e2e.user import User, crew, task


def test_a_cancelled_crew_pays_for_one_call_at_most_and_its_receipt_says_so(ada: User, model: ScriptedModel) -> None:
    with ThreadPoolExecutor(3) as pool:
        sent = [pool.submit(cancel_one, ada, model, f"cancel-{n}", 1 + n % 4) for n in range(6)]
        found = [one.result() for one in sent]
    assert {one.record["status"] for one in found} == {"CANCELLED"}
    assert max(one.begun for one in found) <= 1
    assert [one.told for one in found] == [one.open for one in found]
    assert max(one.open for one in found) <= 1
    for one in found:
        receipt = one.record["cancel_receipt"]
        assert receipt["requested_at"] == one.record["cancel_requested_at"] <= receipt["observed_at"]
        finished = [output["raw"] for output in ada.result(one.record["execution_id"])["tasks"]]
        assert finished == [f"OUT-{n}" for n in range(one.record["progress"]["tasks_done"])]


def test_cancelling_one_execution_leaves_the_others_alone(ada: User, model: ScriptedModel) -> None:
    other = ada.submit(crew(task("Stay. [[slow 2]] [[say STAYED]]")))
    cancel_one(ada, model, "gone", 2)
    record = ada.ended(other)
    assert record["status"] == "COMPLETED"
    assert record["cancel_receipt"] is None
    assert ada.post(f"/executions/{other}/cancel").status_code == 409
