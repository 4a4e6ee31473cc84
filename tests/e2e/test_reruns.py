"""Running an execution again on the whole product: kept outputs are not paid for again."""

from __future__ import annotations

from scripted_model import ScriptedModel
from tests.e2e.user import User, crew, task

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


def test_a_crew_that_failed_goes_on_from_its_failed_task_in_a_new_execution(ada: User, model: ScriptedModel) -> None:
    first, last = task("First. [[say KEPT-ONE]]", "one"), task("Last. [[say DONE]]", "three")
    failed = ada.run(crew(first, task("Bad. [[fail 401]]", "two"), last))
    assert (failed["status"], failed["error"]["task"]) == ("FAILED", "two")
    model.reset()
    config = crew(first, task("Good. [[say TWO]]", "two"), last)
    answer = ada.post(f"/executions/{failed['execution_id']}/rerun", json={"from_task": "two", "config": config})
    record = ada.ended(answer.json()["execution_id"])
    assert (record["status"], record["source"]) == ("COMPLETED", "rerun")
    assert record["usage"]["model_calls"] == len(model.requests) == 2
    assert "KEPT-ONE" in model.requests[0].text
    assert [one["raw"] for one in ada.result(record["execution_id"])["tasks"]] == ["KEPT-ONE", "TWO", "DONE"]
    assert ada.execution(failed["execution_id"])["reruns"] == [record["execution_id"]]


def test_later_tasks_see_the_edited_output_also_a_structured_one(ada: User, model: ScriptedModel) -> None:
    shaped = task('Count. [[say {"n": 1}]]', "one", output_pydantic=SCHEMA)
    ended = ada.run(crew(shaped, task("Tell. [[say TOLD]]", "two")))
    assert ended["status"] == "COMPLETED", ended["error"]
    model.reset()
    asked = {"from_task": "two", "task_outputs": {"one": {"n": 41}}}
    record = ada.ended(ada.post(f"/executions/{ended['execution_id']}/rerun", json=asked).json()["execution_id"])
    assert record["status"] == "COMPLETED", record["error"]
    [request] = model.requests
    assert '{\\"n\\": 41}' in request.text or '"n": 41' in request.text
    task_one = ada.result(record["execution_id"])["tasks"][0]
    assert (task_one["json_dict"], task_one["edited"], task_one["kept_from"]) == (
        {"n": 41},
        True,
        ended["execution_id"],
    )
