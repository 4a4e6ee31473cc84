"""The embedded demo model answers what a crew asks of it, and ends when it should."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from stepcrew_local.model_name import KEY_VARIABLE, MODEL_NAME, PATH_PREFIX

ROOT = Path(__file__).resolve().parents[3]
COMMAND = [str(ROOT / ".venvs/model/bin/python"), "-m", "stepcrew_local.model"]
KEY = "a key"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "local"), KEY_VARIABLE: KEY}
CALLER = {"Authorization": f"Bearer {KEY}"}
PATIENCE_SECONDS = 60
TOOL = {
    "type": "function",
    "function": {
        "name": "calculator",
        "description": "Evaluates an expression.",
        "parameters": {"type": "object", "properties": {"expression": {"type": "string"}}, "required": ["expression"]},
    },
}
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "population": {"type": "integer"}},
    "required": ["city", "population"],
    "additionalProperties": False,
}

pytestmark = [pytest.mark.embedded_model, pytest.mark.slow]


@contextmanager
def running_model() -> Generator[tuple[subprocess.Popen[str], str]]:
    """The process and the address it is ready on."""
    with subprocess.Popen(COMMAND, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().removeprefix("ready ").strip()
        finally:
            process.kill()


@pytest.fixture(scope="module")
def url() -> Generator[str]:
    with running_model() as (_, address):
        yield address


def ask(url: str, content: Any = "Name one colour.", **more: Any) -> httpx.Response:
    body = {"model": MODEL_NAME, "messages": [{"role": "user", "content": content}], "max_tokens": 60, **more}
    return httpx.post(f"{url}/v1/chat/completions", json=body, headers=CALLER, timeout=PATIENCE_SECONDS)


def test_it_answers_in_words_with_its_usage(url: str) -> None:
    answer = ask(url).json()
    assert answer["choices"][0]["message"]["content"].strip()
    assert answer["usage"]["prompt_tokens"] > 0
    assert answer["usage"]["completion_tokens"] > 0
    assert [model["id"] for model in httpx.get(f"{url}/v1/models", headers=CALLER).json()["data"]] == [MODEL_NAME]


def test_an_answer_without_a_limit_ends_all_the_same(url: str) -> None:
    body = {"messages": [{"role": "user", "content": "Count."}], "ignore_eos": True}
    answer = httpx.post(f"{url}/v1/chat/completions", json=body, headers=CALLER, timeout=PATIENCE_SECONDS).json()
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"]["completion_tokens"] == 400


@pytest.mark.parametrize("choice", ["auto", "required"])
def test_offered_tools_do_no_harm(url: str, choice: str) -> None:
    answer = ask(url, "What is 17 times 23?", tools=[TOOL], tool_choice=choice)
    assert answer.status_code == 200
    message = answer.json()["choices"][0]["message"]
    assert message.get("content") or message.get("tool_calls")


def test_a_conversation_with_tool_results_goes_on(url: str) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "calculator", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "What is 17 times 23?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "391"},
    ]
    assert ask(url, messages=messages, tools=[TOOL]).status_code == 200


def test_a_json_schema_is_kept_to(url: str) -> None:
    wanted = {"type": "json_schema", "json_schema": {"name": "city", "schema": CITY}}
    answer = ask(url, "Name a city and its population.", response_format=wanted, max_tokens=200).json()
    assert set(json.loads(answer["choices"][0]["message"]["content"])) == {"city", "population"}


def test_a_prompt_that_is_too_long_is_refused_and_says_why(url: str) -> None:
    answer = ask(url, "word " * 9000)
    assert answer.status_code == 400
    assert "exceeds the available context size" in answer.json()["error"]["message"]
    assert ask(url).status_code == 200


def test_several_requests_are_answered_at_a_time(url: str) -> None:
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(ask(url).status_code)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert statuses == [200] * 4


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/models", "/models", "/health", "/props", "/"])
def test_without_its_key_it_answers_nothing(url: str, path: str) -> None:
    for address in (url, url.removesuffix(PATH_PREFIX)):
        for headers in ({}, {"Authorization": "Bearer another"}):
            assert httpx.get(f"{address}{path}", headers=headers).status_code in (401, 404)
            assert httpx.post(f"{address}{path}", json={}, headers=headers).status_code in (401, 404)


def test_no_web_page_may_read_its_answers(url: str) -> None:
    answer = httpx.options(f"{url}/v1/chat/completions", headers={"Origin": "https://elsewhere.example"})
    assert answer.headers.get("Access-Control-Allow-Origin", "") == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_asked_even_while_it_computes(number: signal.Signals) -> None:
    body = json.dumps({"messages": [{"role": "user", "content": "Count."}], "max_tokens": 8000, "ignore_eos": True})
    with running_model() as (process, address):
        host, port = address.removeprefix("http://").removesuffix(PATH_PREFIX).split(":")
        with socket.create_connection((host, int(port))) as waiting:
            head = (
                f"POST {PATH_PREFIX}/v1/chat/completions HTTP/1.1\r\nHost: {host}\r\n"
                f"Authorization: Bearer {KEY}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            waiting.sendall(f"{head}{body}".encode())
            assert ask(address).status_code == 200  # answered beside the long one, so that one is being computed
            process.send_signal(number)
            assert process.wait(10) == 0


def test_it_ends_with_its_parent() -> None:
    parent = f"import subprocess; p = subprocess.Popen({COMMAND!r}, stdout=subprocess.PIPE); print(p.stdout.readline())"
    done = subprocess.run([sys.executable, "-c", parent], env=ENVIRONMENT, capture_output=True, text=True, check=True)
    address = done.stdout.split()[1].rstrip("\\n'")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while is_there(address):
        assert time.monotonic() < deadline, "It outlives its parent."
        time.sleep(0.05)


def is_there(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health", timeout=5).status_code > 0
    except httpx.TransportError:
        return False


def test_a_port_in_use_is_named(url: str) -> None:
    port = url.removesuffix(PATH_PREFIX).rsplit(":", 1)[1]
    done = subprocess.run([*COMMAND, "--port", port], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"Port {port} cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
