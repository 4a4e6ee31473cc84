"""The stored crews of a group as tools of an MCP server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.execution import Status, TaskOutput
from stepcrew_api.mcp.tools import RESULT, TOOLS_A_PAGE
from tests.aws_table import GROUP, NOW
from tests.unit.api.harness import BOB, VERA, Harness
from tests.waiting import park, question

CONFIG: dict[str, Any] = {
    "agents": {"poet": {"role": "Poet", "goal": "Write", "backstory": "Old"}},
    "tasks": [
        {"name": "haiku", "description": "About {topic} in {place}.", "expected_output": "A haiku", "agent": "poet"}
    ],
}
ARGUMENTS = {"topic": "rain"}


@pytest.fixture
def crew(harness: Harness) -> Harness:
    sent = {"config": CONFIG, "inputs": {"place": "Kyoto"}}
    assert harness.client().put("/crews/haiku", json=sent).status_code == 201
    return harness


def ask(harness: Harness, method: str, claims: dict[str, Any] | None = None, **params: Any) -> dict[str, Any]:
    client = harness.client(claims) if claims else harness.client()
    answer = client.post("/mcp", json={"jsonrpc": "2.0", "id": 7, "method": method, "params": params})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert (told["jsonrpc"], told["id"]) == ("2.0", 7)
    return told


def call(harness: Harness, name: str = "haiku", arguments: dict[str, Any] = ARGUMENTS) -> dict[str, Any]:
    return ask(harness, "tools/call", name=name, arguments=arguments)["result"]


def started(result: dict[str, Any]) -> str:
    assert (result["structuredContent"]["status"], result["isError"]) == ("PENDING", False)
    return result["structuredContent"]["execution_id"]


def test_a_client_agrees_on_a_version_and_needs_no_session(crew: Harness) -> None:
    for asked, answered in (("2025-06-18", "2025-06-18"), ("2025-11-25", "2025-11-25"), ("2024-11-05", "2025-11-25")):
        told = ask(crew, "initialize", protocolVersion=asked, capabilities={}, clientInfo={"name": "c", "version": "1"})
        assert told["result"]["protocolVersion"] == answered
        assert told["result"]["capabilities"] == {"tools": {}}
    client = crew.client()
    note = client.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (note.status_code, note.content) == (202, b"")
    assert client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "result": {}}).status_code == 202
    assert ask(crew, "ping")["result"] == {}
    assert client.get("/mcp").status_code == 405
    strange = {"MCP-Protocol-Version": "2023-01-01"}
    assert client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers=strange).status_code == 400


def test_each_stored_crew_is_a_tool_with_the_schema_of_its_inputs(crew: Harness) -> None:
    result, haiku = ask(crew, "tools/list")["result"]["tools"]
    assert (result["name"], haiku["name"]) == (RESULT, "haiku")
    assert haiku["description"] == "About {topic} in {place}."
    assert haiku["inputSchema"] == {
        "type": "object",
        "properties": {"place": {"default": "Kyoto"}, "topic": {}},
        "required": ["topic"],
        "additionalProperties": False,
    }
    assert [one["name"] for one in ask(crew, "tools/list", BOB)["result"]["tools"]] == [RESULT]


def test_tools_come_in_pages(crew: Harness) -> None:
    for number in range(TOOLS_A_PAGE):
        assert crew.client().put(f"/crews/c{number:02}", json={"config": CONFIG}).status_code == 201
    crew.client().put(f"/crews/{RESULT}", json={"config": CONFIG})
    first = ask(crew, "tools/list")["result"]
    second = ask(crew, "tools/list", cursor=first["nextCursor"])["result"]
    names = [one["name"] for one in (*first["tools"], *second["tools"])]
    assert names == [RESULT, *(f"c{number:02}" for number in range(TOOLS_A_PAGE)), "haiku"]
    assert "nextCursor" not in second
    for cursor in ("?", "Lg"):
        assert ask(crew, "tools/list", cursor=cursor)["error"]["code"] == -32602


def test_a_call_answers_the_output_when_the_crew_ends_in_time(crew: Harness) -> None:
    def end() -> None:
        [execution_id] = crew.orchestrator.started
        execution = crew.aws.executions.begin_attempt(GROUP, execution_id, NOW)
        crew.aws.tasks.save_task_output(execution, TaskOutput(index=0, name="haiku", raw="Rain."))
        crew.aws.executions.finish(execution, Status.COMPLETED, message="", now=NOW, traces_emitted=0)

    crew.meanwhile = end
    result = call(crew)
    assert (result["content"], result["isError"]) == ([{"type": "text", "text": "Rain."}], False)
    outcome = result["structuredContent"]
    assert (outcome["status"], outcome["output"], outcome["error"]) == ("COMPLETED", "Rain.", None)
    record = crew.aws.executions.get(GROUP, outcome["execution_id"])
    assert (record.source, record.submitted_by) == ("mcp", "ada@example.com")
    assert crew.aws.executions.submission(GROUP, record.execution_id).inputs == {"topic": "rain", "place": "Kyoto"}


def test_a_call_is_a_part_of_its_callers_trace(crew: Harness) -> None:
    outer, inner = (f"00-{one * 32}-{'b' * 16}-01" for one in "ac")
    client = crew.client()

    def traceparent(**meta: str) -> str | None:
        params = {"name": "haiku", "arguments": ARGUMENTS, "_meta": meta}
        sent = {"jsonrpc": "2.0", "id": 7, "method": "tools/call", "params": params}
        told = client.post("/mcp", json=sent, headers={"traceparent": outer}).json()
        return crew.aws.executions.get(GROUP, started(told["result"])).traceparent

    assert traceparent() == outer
    assert traceparent(traceparent=inner) == inner
    assert traceparent(traceparent="nonsense") == outer


def test_a_longer_run_answers_a_reference_and_its_progress(crew: Harness) -> None:
    result = call(crew)
    execution_id = started(result)
    assert RESULT in result["content"][0]["text"]
    assert "0 of 1 tasks" in result["content"][0]["text"]
    execution = crew.aws.executions.begin_attempt(GROUP, execution_id, NOW)
    assert call(crew, RESULT, {"execution_id": execution_id})["structuredContent"]["status"] == "RUNNING"
    error = ExecutionError(category=Category.CREW, type="Broken", message="It broke.")
    crew.aws.executions.finish(execution, Status.FAILED, message="", now=NOW, error=error, traces_emitted=0)
    failed = call(crew, RESULT, {"execution_id": execution_id})
    assert (failed["isError"], failed["structuredContent"]["error"]) == (True, "It broke.")


def test_one_that_waits_for_a_person_says_so_at_once(crew: Harness) -> None:
    def asks() -> None:
        execution = crew.aws.executions.begin_attempt(GROUP, crew.orchestrator.started[0], NOW)
        park(crew.aws, execution, question(execution_id=execution.execution_id))

    crew.meanwhile = asks
    result = call(crew)
    assert (result["structuredContent"]["status"], result["isError"]) == ("WAITING", False)
    assert "waits for a person" in result["content"][0]["text"]


@pytest.mark.parametrize("arguments", [{}, {"place": "Oslo"}])
def test_what_a_model_can_mend_is_a_result_that_says_what_is_missing(crew: Harness, arguments: dict[str, Any]) -> None:
    result = call(crew, "haiku", arguments)
    assert result["isError"] is True
    assert "topic" in result["content"][0]["text"]
    absent = call(crew, RESULT, {"execution_id": "nothing"})
    assert (absent["isError"], "no execution" in absent["content"][0]["text"]) == (True, True)


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("tools/call", {"name": "nobody", "arguments": {}}, -32602),
        ("tools/call", {"name": "a/b", "arguments": {}}, -32602),
        ("tools/call", {"name": 7}, -32602),
        ("tools/call", {"name": "haiku", "arguments": []}, None),
        ("tools/call", {"name": "haiku", "arguments": [1]}, -32602),
        ("resources/list", {}, -32601),
    ],
)
def test_what_is_no_request_of_the_server_is_an_error_of_the_protocol(
    crew: Harness, method: str, params: dict[str, Any], code: int | None
) -> None:
    answer = ask(crew, method, **params)
    assert answer.get("error", {}).get("code") == code


def test_who_may_not_submit_calls_nothing_and_a_foreign_execution_is_not_there(crew: Harness) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert crew.client(VERA).post("/mcp", json=message).status_code == 403
    execution_id = started(call(crew))
    params = {"name": RESULT, "arguments": {"execution_id": execution_id}}
    foreign = ask(crew, "tools/call", BOB, **params)["result"]
    assert foreign["isError"] is True
    for body in ({"jsonrpc": "1.0", "id": 1, "method": "ping"}, [message]):
        assert crew.client().post("/mcp", content=json.dumps(body)).status_code in (400, 415, 422)
