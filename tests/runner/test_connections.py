"""Models of connections: the operator's may lie inside the platform, a group's own outside only."""

from __future__ import annotations

import threading
from collections.abc import Generator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from scripted_model import ScriptedModel, scripted_model
from stepcrew import reach
from stepcrew.domain.connection import ConnectionSpec, ModelConnection
from stepcrew.domain.execution import Limits
from stepcrew.domain.model_prices import ModelPrice
from stepcrew_runner.gate import requests
from stepcrew_runner.gate.proxies import use_proxies
from tests.runner.harness import GROUP, Ended, Harness, agent, crew, task

KEY = "sk-of-the-group-0123456789"


def asking(name: str, text: str = "[[say Done.]]") -> dict[str, Any]:
    config = crew(task(f"Work. {text}"))
    config["agents"]["worker"] = agent(llm=f"{name}/llama3.2:1b")
    return config


def run(harness: Harness, config: dict[str, Any], *connections: ModelConnection, **more: Any) -> Ended:
    execution_id = harness.submit(config, connections=connections, **more)
    return harness.ended(execution_id, harness.attempt(execution_id))


def own(base_url: str, **more: Any) -> ModelConnection:
    return ModelConnection(name="mine", base_url=base_url, **more)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Generator[ScriptedModel]:
    """A server of the group's, as if it were on the internet."""
    with scripted_model() as server:
        public = reach.is_public
        monkeypatch.setattr(reach, "is_public", lambda host: public(host) or host == "127.0.0.1")  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
        yield server


def test_the_operators_connection_may_lie_inside_and_its_price_is_not_known(
    harness: Harness, model: ScriptedModel
) -> None:
    harness.secrets.operator["OLLAMA_KEY"] = "sk-of-ollama-0123456789"
    spec = ConnectionSpec(base_url=model.url.replace("127.0.0.1", "localhost"), secret="OLLAMA_KEY")
    harness.ports = harness.ports._replace(connections={"ollama": spec})
    ended = run(harness, asking("ollama"))
    assert ended.execution.error is None
    [request] = model.requests
    assert (request.body["model"], request.authorization) == (
        "llama3.2:1b",
        "Bearer sk-of-ollama-0123456789",
    )
    assert [entry.name for entry in harness.journal.entries(GROUP, ended.execution.execution_id)] == [
        "ollama/llama3.2:1b"
    ]
    assert [event.extra_data["model"] for event in ended.of("llm_call_started")] == ["ollama/llama3.2:1b"]
    usage = ended.execution.usage
    assert (usage.model_calls, usage.cost_usd) == (1, None)
    assert usage.cost_note is not None


def test_what_is_asked_at_the_address_of_a_provider_counts_as_the_providers(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", model.url)
    none: dict[str, tuple[str, int | None]] = {}
    monkeypatch.setattr(requests, "_operator", none)
    requests.learn_endpoints()
    harness.ports = harness.ports._replace(connections={"ollama": ConnectionSpec(base_url=f"{model.url}/")})
    ended = run(harness, crew(task("Work. [[say Done.]]")))
    [entry] = harness.journal.entries(GROUP, ended.execution.execution_id)
    assert entry.name.startswith("openai/")


@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_groups_connection_is_asked_with_its_own_key(
    harness: Harness, model: ScriptedModel, outside: ScriptedModel, provider: Any
) -> None:
    harness.secrets.groups[GROUP, "MY_KEY"] = KEY
    base = outside.url if provider == "openai" else outside.url.removesuffix("/v1")
    ended = run(harness, asking("mine"), own(base, provider=provider, secret="MY_KEY"))
    assert ended.execution.error is None
    [request] = outside.requests
    assert request.provider == provider
    assert KEY in (request.authorization or "")
    assert model.requests == []
    assert KEY not in str(harness.kept())


def test_a_groups_connection_never_leads_inside(harness: Harness, model: ScriptedModel) -> None:
    """To the operator's endpoint either, which the operator's own models reach."""
    ended = run(harness, asking("mine"), own(model.url))
    assert ended.execution.error is not None
    assert model.requests == []


@pytest.mark.parametrize("named", ["another.example.com", "localhost"])
def test_nor_under_another_name(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    """What a name leads to is seen where the socket connects."""
    for pause in ("INITIAL_RETRY_DELAY", "MAX_RETRY_DELAY"):
        monkeypatch.setattr(f"openai._base_client.{pause}", 0.0)

    def look_up(_host: str, port: int, *_: object, **__: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(2, 1, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    ended = run(harness, asking("mine"), own(model.url.replace("127.0.0.1", named)))
    assert ended.execution.error is not None
    assert model.requests == []


def test_nor_does_the_operators_proxy_look_up_its_name(
    harness: Harness, model: ScriptedModel, outside: ScriptedModel
) -> None:
    use_proxies({"http": model.url})
    try:
        assert run(harness, asking("mine"), own(outside.url)).execution.error is None
    finally:
        use_proxies({})
    assert (len(outside.requests), model.requests) == (1, [])


@pytest.mark.parametrize("content_type", ["application/json", "text/event-stream"])
def test_a_redirect_is_not_followed(
    harness: Harness, model: ScriptedModel, outside: ScriptedModel, content_type: str
) -> None:
    class Redirecting(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(307)
            self.send_header("Location", f"{model.url}/chat/completions")
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Redirecting) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        ended = run(harness, asking("mine"), own(f"http://127.0.0.1:{server.server_address[1]}/v1"))
        server.shutdown()
    assert ended.execution.error is not None
    assert model.requests == []


def test_who_refused_and_which_secret_is_missing_is_said(harness: Harness, outside: ScriptedModel) -> None:
    ended = run(harness, asking("mine", "[[fail 401]]"), own(outside.url, secret="GONE_KEY"))
    error = ended.execution.error
    assert error is not None
    assert (error.type, "(model mine/llama3.2:1b): Error code: 401" in error.message) == ("ModelAuthentication", True)
    assert "an admin of the group for a connection" in error.remedy
    missing = "The secret GONE_KEY of the connection mine is missing: no key is sent."
    assert missing in [line.message for line in harness.queue.logs(ended.execution.execution_id)]


def test_a_connection_that_the_execution_does_not_have_is_none(harness: Harness, model: ScriptedModel) -> None:
    ended = run(harness, asking("other"), own(model.url))
    assert ended.execution.error is not None
    assert "other/llama3.2:1b" in ended.execution.error.message
    assert model.requests == []


def test_a_limit_of_money_stops_a_crew_whose_price_nobody_knows(harness: Harness, outside: ScriptedModel) -> None:
    ended = run(harness, asking("mine"), own(outside.url), limits=Limits(max_cost_usd=Decimal(1)))
    assert ended.execution.error is not None
    assert outside.requests == []


def test_the_groups_own_price_is_the_cost(harness: Harness, outside: ScriptedModel) -> None:
    execution_id = harness.submit(
        asking("mine"), connections=[own(outside.url)], limits=Limits(max_cost_usd=Decimal(1))
    )
    price = ModelPrice(input_usd=Decimal(1_000), output_usd=Decimal(0))
    known = harness.executions.submission(GROUP, execution_id)
    execution = harness.executions.get(GROUP, execution_id)
    priced = known.model_copy(update={"model_prices": {"mine/llama3.2:1b": price}})
    harness.executions.add(execution.model_copy(update={"definition_hash": None}), priced)
    usage = harness.ended(execution_id, harness.attempt(execution_id)).execution.usage
    assert usage.cost_usd == Decimal(usage.prompt_tokens) / 1_000


def test_a_later_attempt_is_answered_from_the_journal(harness: Harness, outside: ScriptedModel) -> None:
    execution_id = harness.submit(asking("mine"), connections=[own(outside.url)])
    records, submissions = harness.executions.kept()
    harness.attempt(execution_id)
    harness.executions.restore(records, submissions)
    assert harness.ended(execution_id, harness.attempt(execution_id)).outcome == "COMPLETED"
    assert len(outside.requests) == 1
