"""Models of connections and their fallbacks, on the whole stack."""

from __future__ import annotations

from scripted_model import ScriptedModel
from tests.e2e.user import User, agent, crew, task


def test_a_crew_asks_the_next_model_where_a_server_does_not_answer(ada: User, model: ScriptedModel) -> None:
    listed = ada.get("/connections").json()
    assert listed["operators"] == ["down", "inside"]
    made = ada.put("/connections/mine", json={"base_url": "https://models.example.com/v1", "secret": "MY_MODEL_KEY"})
    assert made.status_code == 201
    llm = {"model": "down/large", "fallbacks": ["inside/small", "mine/other"]}
    config = crew(task("[[say Answered.]]"), agents={"worker": agent(llm=llm)})
    fault = ada.post("/executions", json={"config": config}).json()["errors"][0]
    assert (fault["pointer"], fault["code"]) == ("/config/agents/worker/llm/fallbacks/1", "missing_secret")
    llm["fallbacks"] = ["inside/small"]

    record = ada.run(config)
    assert (record["status"], record["error"]) == ("COMPLETED", None)
    assert ada.result(record["execution_id"])["output"] == "Answered."
    assert [request.body["model"] for request in model.requests] == ["small"]
    events = ada.trace(record["execution_id"])
    told = [(one["event_type"], one["extra_data"]["model"]) for one in events if one["event_source"] == "llm"]
    assert told == [
        ("llm_call_started", "down/large"),
        ("llm_call_failed", "down/large"),
        ("llm_call_started", "inside/small"),
        ("llm_call_completed", "inside/small"),
    ]
    assert events[-1]["event_type"] == "crew_completed"
    assert ada.delete("/connections/mine").status_code == 204
