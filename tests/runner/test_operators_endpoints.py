"""Requests to models reach the operator's endpoints, through the operator's proxies; nothing else of a crew does."""

from __future__ import annotations

import threading
from collections.abc import Generator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest

from scripted_model import ScriptedModel
from stepcrew_runner.crew import building
from stepcrew_runner.gate.proxies import use_proxies
from stepcrew_runner.isolation import addresses
from stepcrew_runner.isolation.addresses import trusted
from tests.runner.harness import Harness, agent, task
from tests.runner.test_journal import CREWS


class Proxy(ThreadingHTTPServer):
    """Sends on what it is asked for by its whole address (RFC 9112, absolute-form), and remembers it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.passed: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Passing(BaseHTTPRequestHandler):
    server: Proxy  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        self.server.passed.append(self.path)
        target = urlsplit(self.path)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with trusted():
            connection = HTTPConnection(target.netloc)
            connection.request("POST", target.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers["Content-Type"])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def proxy(model: ScriptedModel) -> Generator[Proxy]:
    with Proxy() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        addresses.allow_operator_endpoints([running.url])
        yield running
        use_proxies({})
        running.shutdown()


PLANNED = CREWS["planner"]
"""Asks the planner's model in one thread, and the agent's in an event loop: both clients of the provider."""


def test_every_request_to_a_model_goes_through_the_operators_proxy(
    harness: Harness, model: ScriptedModel, proxy: Proxy
) -> None:
    use_proxies({"http": proxy.url})
    ended = harness.run(PLANNED)
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert proxy.passed == [f"{model.url}/chat/completions"] * len(model.requests)
    assert ended.execution.usage.model_calls == len(model.requests)


def test_a_host_that_needs_no_proxy_is_asked_directly(harness: Harness, model: ScriptedModel, proxy: Proxy) -> None:
    use_proxies({"all": proxy.url, "no": "localhost,127.0.0.1"})
    assert harness.run(PLANNED).outcome == "COMPLETED"
    assert (proxy.passed, len(model.requests) > 1) == ([], True)


@pytest.mark.parametrize("path", ["/mcp", "/chat/completions"])
def test_what_names_no_model_does_not_reach_the_operators_endpoint(
    harness: Harness, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    """A crew may name a server there; a name may lead there that its definition does not show."""

    def no_fault(_server: Any) -> None:
        return None

    monkeypatch.setattr(building, "address_fault", no_fault)
    servers = [{"url": f"{model.url}{path}"}]
    ended = harness.run({"agents": {"worker": agent(mcps=servers)}, "tasks": [task("Ask.")]})
    error = ended.execution.error
    assert error is not None
    assert (ended.outcome, error.category.value) == ("FAILED", "tool"), error
    assert model.requests == []
