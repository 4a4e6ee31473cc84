"""The scripted model says what its prompts tell it to."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripted_model import ScriptedModel, scripted_model

CALCULATOR = {"type": "function", "function": {"name": "calculator", "parameters": {"type": "object"}}}
FAILING = [{"text": "[[fail 429]]"}]


@pytest.fixture
def model() -> Generator[ScriptedModel]:
    with scripted_model() as running:
        yield running


def ask(model: ScriptedModel, *messages: tuple[str, str], **more: Any) -> httpx.Response:
    body = {"model": "m", "messages": [{"role": role, "content": text} for role, text in messages], **more}
    return httpx.post(f"{model.url}/chat/completions", json=body, headers={"Authorization": "Bearer key"}, timeout=10)


def said(answer: httpx.Response) -> str:
    return answer.json()["choices"][0]["message"]["content"]


def test_it_says_what_it_is_told_and_counts_its_tokens(model: ScriptedModel) -> None:
    answer = ask(model, ("user", "Do. [[say Zoë [1]]]"))
    assert said(answer) == "Zoë [1]"
    usage = answer.json()["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] > 0
    assert [(request.number, request.authorization) for request in model.requests] == [(1, "Bearer key")]


def test_without_a_directive_it_counts_its_answers(model: ScriptedModel) -> None:
    assert [said(ask(model, ("user", "Do."))) for _ in range(2)] == ["answer 1", "answer 2"]


def test_the_last_message_with_directives_counts(model: ScriptedModel) -> None:
    assert said(ask(model, ("system", "[[say A]]"), ("user", "[[say B]]"), ("assistant", "[[say C]]"))) == "B"
    assert said(ask(model, ("user", 'x [[json {"a": [1, [2]]}]]'))) == '{"a": [1, [2]]}'


def test_tools_are_called_in_order_if_they_are_offered(model: ScriptedModel) -> None:
    prompt = ("user", '[[tool calculator {"expression": "1+1"}]] [[tool calculator {}]] [[say done]]')
    first = ask(model, prompt, tools=[CALCULATOR]).json()["choices"][0]
    assert first["finish_reason"] == "tool_calls"
    assert first["message"]["tool_calls"][0]["function"] == {
        "name": "calculator",
        "arguments": '{"expression": "1+1"}',
    }
    second = ask(model, prompt, ("tool", "2"), tools=[CALCULATOR]).json()["choices"][0]["message"]
    assert second["tool_calls"][0]["function"]["arguments"] == "{}"
    assert said(ask(model, prompt, ("tool", "2"), ("tool", "3"), tools=[CALCULATOR])) == "done"
    assert said(ask(model, prompt)) == "done"


def test_it_may_be_slow_large_or_failing(model: ScriptedModel) -> None:
    started = time.monotonic()
    assert len(said(ask(model, ("user", "[[slow 0.3]] [[size 2000000]]")))) == 2_000_000
    assert time.monotonic() - started >= 0.3
    assert [ask(model, ("user", "[[fail 429]]")).status_code for _ in range(2)] == [429, 429]
    assert [ask(model, ("user", "[[fail 500 once]]")).status_code for _ in range(2)] == [500, 200]


def test_two_requests_meet_and_one_alone_fails(model: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = ["Left. [[meets Right.]] [[say L]]", "Right. [[meets Left.]] [[say R]]"]
    with ThreadPoolExecutor(2) as pool:
        answers = [pool.submit(ask, model, ("user", prompt)) for prompt in prompts]
        assert [said(answer.result()) for answer in answers] == ["L", "R"]
    monkeypatch.setattr("scripted_model.server.MEETING_SECONDS", 0.05)
    assert ask(model, ("user", "[[meets Nobody.]]")).status_code == 500


def test_it_speaks_like_anthropic(model: ScriptedModel) -> None:
    prompt = {"role": "user", "content": [{"type": "text", "text": '[[tool calculator {"a": 1}]] [[say done]]'}]}
    body: dict[str, Any] = {"model": "m", "system": "Be.", "messages": [prompt], "tools": [{"name": "calculator"}]}
    first = post(model, "/v1/messages", body)
    assert first["stop_reason"] == "tool_use"
    assert (first["content"][0]["name"], first["content"][0]["input"]) == ("calculator", {"a": 1})
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "2"}]}
    second = post(model, "/v1/messages", {**body, "messages": [prompt, result]})
    assert second["content"] == [{"type": "text", "text": "done"}]
    assert second["usage"]["cache_read_input_tokens"] > 0
    assert [request.provider for request in model.requests] == ["anthropic", "anthropic"]
    assert model.requests[0].text.startswith("Be.")
    assert model.requests[0].tools == ["calculator"]


def test_it_speaks_like_bedrock(model: ScriptedModel) -> None:
    prompt = {"role": "user", "content": [{"text": '[[tool calculator {"a": 1}]] [[say done]]'}]}
    tools = {"tools": [{"toolSpec": {"name": "calculator"}}]}
    body: dict[str, Any] = {"system": [{"text": "Be."}], "messages": [prompt], "toolConfig": tools}
    first = post(model, "/model/some.model-v1%3A0/converse", body)
    assert first["stopReason"] == "tool_use"
    assert first["output"]["message"]["content"][0]["toolUse"]["input"] == {"a": 1}
    result = {"role": "user", "content": [{"toolResult": {"toolUseId": "1", "content": [{"text": "2"}]}}]}
    second = post(model, "/model/some.model-v1%3A0/converse", {**body, "messages": [prompt, result]})
    assert second["output"]["message"]["content"] == [{"text": "done"}]
    assert model.requests[0].tools == ["calculator"]
    refused = httpx.post(f"{root(model)}/model/m/converse", json={"messages": [{"role": "user", "content": FAILING}]})
    assert (refused.status_code, refused.json()["__type"]) == (429, "ThrottlingException")


def test_what_it_does_not_speak_is_not_found(model: ScriptedModel) -> None:
    assert httpx.post(f"{model.url}/responses", json={}).status_code == 404
    assert model.requests == []


def post(model: ScriptedModel, path: str, body: dict[str, Any]) -> dict[str, Any]:
    return httpx.post(f"{root(model)}{path}", json=body).json()


def root(model: ScriptedModel) -> str:
    return model.url.removesuffix("/v1")


def test_requests_can_be_read_and_forgotten_over_http(model: ScriptedModel) -> None:
    ask(model, ("user", "Remember."))
    requests = f"{model.url.removesuffix('/v1')}/requests"
    (remembered,) = httpx.get(requests).json()
    assert remembered["body"]["messages"][0]["content"] == "Remember."
    httpx.delete(requests)
    assert httpx.get(requests).json() == []


def test_it_runs_as_a_process_of_its_own_until_it_is_ended() -> None:
    command = [sys.executable, "-m", "scripted_model"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent) as process:
        assert process.stdout is not None
        url = process.stdout.readline().removeprefix("ready ").strip()
        assert httpx.get(f"{url}/models").status_code == 200
        process.terminate()
        assert process.wait(10) == 0
