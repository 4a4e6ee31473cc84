"""What the event bus hears of executions, through the whole stack."""

from __future__ import annotations

from scripted_model import ScriptedModel
from stepcrew_local.stack import Stack
from tests.e2e.bus import announced, subscribe
from tests.e2e.user import User, crew, task


def test_each_wait_and_each_end_is_announced_as_it_was_stored(
    running: tuple[str, ScriptedModel, Stack], ada: User, model: ScriptedModel
) -> None:
    stack = running[2]
    subscribe(stack)
    asks = crew(task("Ask me. [[say DRAFT]]", "asked", human_input=True))
    decided, cancelled = ada.submit(asks, name="asks"), ada.submit(asks)
    for execution_id in (decided, cancelled):
        ada.until(execution_id, lambda record: record["status"] == "WAITING")
    assert ada.post(f"/executions/{decided}/feedback", json={"decision": "approve"}).status_code == 202
    assert ada.post(f"/executions/{cancelled}/cancel").status_code == 202
    record = ada.ended(decided)

    told = announced(stack, lambda found: len({one["id"] for one in found}) >= 4)
    statuses = {
        execution_id: [one["data"]["status"] for one in told if one["subject"] == execution_id]
        for execution_id in (decided, cancelled)
    }
    assert statuses == {decided: ["WAITING", "COMPLETED"], cancelled: ["WAITING", "CANCELLED"]}
    ended = next(one for one in told if one["type"] == "stepcrew.execution.completed")
    assert (ended["specversion"], ended["source"], ended["time"]) == ("1.0", "stepcrew", record["ended_at"])
    data = ended["data"]
    assert (data["group_id"], data["execution_id"], data["name"]) == ("demo", decided, "asks")
    assert data["usage"] == {key: record["usage"][key] for key in ("model_calls", "total_tokens", "cost_usd")}
    asked = next(one for one in told if one["data"]["status"] == "WAITING")
    assert (asked["data"]["waiting"]["number"], asked["data"]["waiting"]["kind"]) == (1, "answer")
    assert "DRAFT" not in str(told)
    [resource] = ada.get(f"/executions/{decided}/otlp").json()["resourceSpans"]
    root = resource["scopeSpans"][0]["spans"][0]
    assert ended["traceparent"] == f"00-{root['traceId']}-{root['spanId']}-01"
