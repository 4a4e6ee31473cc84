from __future__ import annotations

import json
from typing import Any

import httpx

from scripted_model import ScriptedModel
from stepcrew_local.stack import Stack
from tests.e2e.user import User, agent, crew, task


def assert_gapless(events: list[dict[str, Any]]) -> None:
    assert [event["sequence"] for event in events] == list(range(1, len(events) + 1))


def test_a_crew_submitted_over_http_completes_and_its_trace_comes_back(ada: User, model: ScriptedModel) -> None:
    config = {
        "name": "weather",
        "agents_yaml": "worker:\n  role: Forecaster of {place}\n  goal: Tell\n  backstory: Old\n",
        "tasks_yaml": {"look": {"description": "Look at {place}. [[say Sunny ☀️]]", "expected_output": "One word"}},
    }
    config["tasks_yaml"]["look"]["agent"] = "worker"  # type: ignore[index]
    record = ada.run(config, inputs={"place": "Wien"})
    assert record["status"] == "COMPLETED"
    assert record["progress"]["tasks_done"] == record["progress"]["tasks_total"] == 1
    assert record["usage"]["model_calls"] == 1 == len(model.requests)
    events = ada.trace(record["execution_id"])
    assert_gapless(events)
    assert [event["event_type"] for event in events] == [
        "crew_started",
        "task_started",
        "agent_execution_started",
        "llm_call_started",
        "llm_call_completed",
        "agent_execution_completed",
        "task_completed",
        "crew_completed",
    ]
    calls = [event for event in events if event["event_source"] == "llm"]
    assert {(event["task_name"], event["agent_role"]) for event in calls} == {("look", "Forecaster of Wien")}
    usage = calls[1]["extra_data"]["usage"]
    assert usage["total_tokens"] == record["usage"]["total_tokens"] > 0
    assert events[-1]["started_sequence"] == 1
    assert events[-1]["duration_ms"] > 0
    result = ada.result(record["execution_id"])
    assert (result["final"], result["output"]) == (True, "Sunny ☀️")
    lines = ada.get(f"/executions/{record['execution_id']}/logs").json()["lines"]
    assert "Attempt 1 starts" in lines[0]["message"]
    why = ada.get(f"/executions/{record['execution_id']}/why").json()
    assert (why["unread"], why["trace_queue"]["dead"]) == ([], 0)
    assert {"MarkRunning", "RunCrew"} <= {step["state"] for step in why["machine"]["steps"]}
    assert why["summary"].startswith("The execution is COMPLETED after ")
    assert [one["rule"] for one in why["findings"]] == ["cost_unknown"]
    stack = ada.get("/operator/stack").json()
    assert stack["queues"][0]["name"] == "trace"
    assert [one for one in stack["parts"] if one["healthy"] is None and one["part"] != "sweeps"] == []


def test_later_tasks_see_the_outputs_they_asked_for(ada: User, model: ScriptedModel) -> None:
    config = crew(
        task("First. [[say OUTPUT-ONE]]", "one"),
        task("Second. [[say OUTPUT-TWO]]", "two", context=[]),
        task("Third. [[say OUTPUT-THREE]]", "three", context=["one"]),
    )
    record = ada.run(config)
    assert record["status"] == "COMPLETED"
    assert "OUTPUT-ONE" not in model.requests[1].text
    assert "OUTPUT-ONE" in model.requests[2].text
    assert "OUTPUT-TWO" not in model.requests[2].text
    outputs = [one["raw"] for one in ada.result(record["execution_id"])["tasks"]]
    assert outputs == ["OUTPUT-ONE", "OUTPUT-TWO", "OUTPUT-THREE"]


def test_a_tool_is_called_and_its_result_traced(ada: User, model: ScriptedModel) -> None:
    described = 'Calculate. [[tool calculator {"expression": "6*7"}]] [[say It is 42.]]'
    config = {"agents": {"worker": agent(tools=["CalculatorTool"])}, "tasks": [task(described)]}
    record = ada.run(config)
    assert record["status"] == "COMPLETED"
    assert len(model.requests) == 2
    events = ada.trace(record["execution_id"])
    used = [event for event in events if event["event_source"] == "tool"]
    assert [event["event_type"] for event in used] == ["tool_usage_started", "tool_usage_completed"]
    assert used[1]["output"] == "42"
    assert used[1]["extra_data"]["tool_args"] == {"expression": "6*7"}
    assert used[1]["started_sequence"] == used[0]["sequence"]
    assert used[0]["task_name"] == "task"


def test_a_failing_crew_says_why_keeps_what_is_finished_and_shows_where(ada: User, model: ScriptedModel) -> None:
    record = ada.run(crew(task("Good. [[say KEPT]]", "good"), task("Bad. [[fail 401]]", "bad")))
    assert record["status"] == "FAILED"
    error = record["error"]
    assert (error["category"], error["type"], error["task"]) == ("model", "ModelAuthentication", "bad")
    assert error["remedy"]
    assert record["message"] == error["message"]
    result = ada.result(record["execution_id"])
    assert (result["final"], result["output"]) == (False, None)
    assert [one["raw"] for one in result["tasks"]] == ["KEPT"]
    last = ada.trace(record["execution_id"])[-1]
    assert (last["event_type"], last["event_source"], last["task_name"]) == ("error", "system", "bad")


def test_a_manager_gives_the_work_to_an_agent(ada: User, model: ScriptedModel) -> None:
    order = '{"task": "Sum it up. [[say FIVE]]", "context": "None", "coworker": "Worker"}'
    described = f"Manage. [[tool delegate_work_to_coworker {order}]] [[say DELEGATED]]"
    config = {
        "process": "hierarchical",
        "manager_llm": "openai/gpt-4.1-mini",
        "agents": {"worker": agent()},
        "tasks": [{"name": "managed", "description": described, "expected_output": "Text."}],
    }
    record = ada.run(config)
    assert record["status"] == "COMPLETED", record["error"]
    assert ada.result(record["execution_id"])["output"] == "DELEGATED"
    events = ada.trace(record["execution_id"])
    assert_gapless(events)
    assert "Worker" in {event["agent_role"] for event in events if event["event_source"] == "llm"}
    assert "FIVE" in str([event["output"] for event in events if event["event_type"] == "tool_usage_completed"])


def test_a_crew_that_plans_first_completes(ada: User, model: ScriptedModel) -> None:
    plan = {"list_of_plans_per_task": [{"task_number": 1, "task": "t", "plan": " PLAN-ONE"}]}
    record = ada.run(crew(task(f"Do it. [[json {json.dumps(plan)}]]"), planning=True))
    assert (record["status"], record["usage"]["model_calls"]) == ("COMPLETED", 2), record["error"]
    assert "PLAN-ONE" in model.requests[1].text


def test_every_script_arrives_as_it_was_written(ada: User, model: ScriptedModel) -> None:
    text = "naïve 🌧️ عربي 中文 𝕏"
    config = crew(task(f"Say {{word}}. [[say {text}]]", "名前/~"), name=text)
    record = ada.run(config, inputs={"word": text})
    assert (record["status"], record["name"]) == ("COMPLETED", text)
    assert ada.result(record["execution_id"])["output"] == text
    assert text in model.requests[0].text
    assert {"名前/~"} == {event["task_name"] for event in ada.trace(record["execution_id"])} - {None}


def test_one_idempotency_key_is_one_execution(ada: User, model: ScriptedModel) -> None:
    body = {"config": crew(task("Once. [[say ONCE]]"))}
    headers = {"Idempotency-Key": "e2e-once"}
    first = ada.post("/executions", json=body, headers=headers)
    again = ada.post("/executions", json=body, headers=headers)
    other = ada.post("/executions", json={"config": crew(task("Other."))}, headers=headers)
    assert first.json()["execution_id"] == again.json()["execution_id"]
    assert (first.json()["replayed"], again.json()["replayed"]) == (False, True)
    assert other.status_code == 422
    ada.ended(first.json()["execution_id"])
    assert len(model.requests) == 1


def test_another_group_sees_nothing(ada: User, bob: User, model: ScriptedModel) -> None:
    mine = ada.run(crew(task("Mine. [[say SECRET]]")))["execution_id"]
    for path in ("", "/traces", "/result", "/logs", "/definition", "/tasks/0/output", "/traces/1.1/output"):
        assert bob.get(f"/executions/{mine}{path}").status_code == 404, path
    assert bob.post(f"/executions/{mine}/cancel").status_code == 404
    assert bob.delete(f"/executions/{mine}").status_code == 404
    assert mine not in bob.get("/executions").text
    assert bob.get(f"/executions/{mine}", headers={"X-Group-Id": "demo"}).status_code == 403


def test_a_running_crew_is_cancelled_without_waiting_for_its_model(ada: User, model: ScriptedModel) -> None:
    config = crew(task("Quick. [[say DONE]]", "quick"), task("Long. [[slow 30]]", "long"), task("Never.", "never"))
    execution_id = ada.submit(config)
    ada.until(execution_id, lambda _: len(model.requests) == 2)
    assert ada.post(f"/executions/{execution_id}/cancel").status_code == 202
    record = ada.ended(execution_id)
    assert record["status"] == "CANCELLED"
    assert len(model.requests) == 2
    assert [one["raw"] for one in ada.result(execution_id)["tasks"]] == ["DONE"]
    assert ada.post(f"/executions/{execution_id}/cancel").json()["status"] == "CANCELLED"


def test_an_ended_execution_can_be_deleted(ada: User, model: ScriptedModel) -> None:
    execution_id = ada.run(crew(task("Delete me. [[say GONE]]")))["execution_id"]
    assert ada.delete(f"/executions/{execution_id}").json()["removed"]
    assert ada.get(f"/executions/{execution_id}").status_code == 404
    assert ada.get(f"/executions/{execution_id}/traces").status_code == 404


def test_sixty_tasks_arrive_whole(ada: User, model: ScriptedModel) -> None:
    record = ada.run(crew(*(task(f"Task {n}. [[say OUT-{n}]]", f"t{n}", context=[]) for n in range(60))))
    assert record["status"] == "COMPLETED"
    assert len(model.requests) == 60
    outputs = [one["raw"] for one in ada.result(record["execution_id"])["tasks"]]
    assert outputs == [f"OUT-{n}" for n in range(60)]
    assert_gapless(ada.trace(record["execution_id"], limit=100))


def test_a_two_megabyte_output_arrives_whole(ada: User, model: ScriptedModel) -> None:
    record = ada.run(crew(task("Big. [[size 2000000]]", "big"), task("Small. [[size 1000000]]", "small", context=[])))
    assert record["status"] == "COMPLETED"
    result = ada.result(record["execution_id"])
    whole = {one["name"]: one["raw"] for one in result["tasks"]}
    for number, (name, size) in enumerate([("big", 2_000_000), ("small", 1_000_000)]):
        text = whole[name] or ada.get(f"/executions/{record['execution_id']}/tasks/{number}/output").text
        assert text == "x" * size


def test_a_token_that_is_expired_or_missing_is_refused(ada: User, running: tuple[str, ScriptedModel, Stack]) -> None:
    url, _, stack = running
    for headers in ({}, {"Authorization": f"Bearer {stack.token('ada', seconds=-10)}"}):
        answer = httpx.get(f"{url}/api/v1/executions", headers=headers, trust_env=False)
        assert answer.status_code == 401


def test_a_viewer_reads_but_changes_nothing(running: tuple[str, ScriptedModel, Stack]) -> None:
    with User(running[0], "vera") as vera:
        assert vera.get("/executions").status_code == 200
        answer = vera.post("/executions", json={"config": crew(task("No."))})
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"


def test_the_bill_is_final_at_the_end_and_counts_once_in_the_groups_usage(ada: User, model: ScriptedModel) -> None:
    record = ada.run(crew(task("Say it. [[say OK]]")), name="billed")
    bill = ada.get(f"/executions/{record['execution_id']}/cost").json()
    assert (bill["estimated"], bill["price_book"]) == (False, record["cost"]["price_book"])
    assert bill["infrastructure_usd"] == record["cost"]["infrastructure_usd"] > 0
    used = {line["what"]: line["quantity"] for line in bill["infrastructure"]}
    assert used["Runner: memory and time"] > 0.1
    assert used["Runner: table writes"] >= 6
    assert used["Runner: table reads"] >= 1
    assert used["Trace: stored events"] >= len(ada.trace(record["execution_id"]))
    assert used["State machine: transitions"] == 4
    assert [(one["name"], one["model_calls"]) for one in bill["by_task"]] == [("task", 1)]
    assert [(one["name"], one["model_calls"]) for one in bill["by_agent"]] == [("Worker", 1)]

    def rows() -> list[dict[str, Any]]:
        return [row for row in ada.get("/usage").json()["rows"] if row["name"] == "billed"]

    ada.until(record["execution_id"], lambda _: bool(rows()))
    [row] = rows()
    assert (row["executions"], row["completed"], row["model_calls"]) == (1, 1, 1)
    assert abs(row["infrastructure_usd"] - bill["infrastructure_usd"]) < 1e-9
    assert ada.get("/usage/recount").json()["differences"] == []
