"""Models that are asked in the place of one whose provider refuses for good or is out."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.connection import ConnectionSpec
from stepcrew.domain.journal import EntryKind
from stepcrew_runner.isolation import addresses
from tests.runner.harness import GROUP, MODEL, Harness, agent, crew, task


class Out(ThreadingHTTPServer):
    """A provider that answers every request with one status, and counts them. Its clients do not try again."""

    def __init__(self, status: int) -> None:
        super().__init__(("127.0.0.1", 0), Refusing)
        self.status = status
        self.asked = 0
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"


class Refusing(BaseHTTPRequestHandler):
    server: Out  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_POST(self) -> None:
        self.server.asked += 1
        self.rfile.read(int(self.headers["Content-Length"]))
        body = b'{"error": {"message": "no", "type": "scripted"}}'
        self.send_response(self.server.status)
        for name, value in (("x-should-retry", "false"), ("Content-Type", "application/json")):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def out(harness: Harness, status: int, name: str = "first") -> Generator[Out]:
    with Out(status) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        addresses.allow_operator_endpoints([server.url])
        known = {**harness.ports.connections, name: ConnectionSpec(base_url=server.url)}
        harness.ports = harness.ports._replace(connections=known)
        yield server
        server.shutdown()


def asking(*fallbacks: str) -> dict[str, Any]:
    config = crew(task("Work. [[say Done.]]"))
    config["agents"]["worker"] = agent(
        llm={"model": "first/big", **({"fallbacks": list(fallbacks)} if fallbacks else {})}
    )
    return config


@pytest.mark.parametrize("status", [401, 402, 404, 503])
def test_the_next_model_answers_and_journal_trace_and_usage_say_so(
    harness: Harness, model: ScriptedModel, status: int
) -> None:
    with out(harness, status) as first:
        ended = harness.run(asking(MODEL))
    assert ended.execution.error is None
    assert (first.asked, len(model.requests)) == (1, 1)
    entries = harness.journal.entries(GROUP, ended.execution.execution_id)
    assert [one.name for one in entries if one.kind is EntryKind.CHOICE] == ["first/big"]
    assert [one.name for one in entries if one.kind is EntryKind.MODEL and one.usage] == [MODEL]
    [failed] = ended.of("llm_call_failed")
    [answered] = ended.of("llm_call_completed")
    assert failed.extra_data["model"] == "first/big"
    assert (answered.extra_data["model"], answered.extra_data["fallback_of"]) == (MODEL, "first/big")
    assert ended.execution.usage.total_tokens > 0


def test_a_connection_has_fallbacks_for_crews_that_name_none(harness: Harness, model: ScriptedModel) -> None:
    with out(harness, 401) as first:
        spare = ConnectionSpec(base_url=first.url, fallbacks=[MODEL])
        harness.ports = harness.ports._replace(connections={"first": spare, "second": spare})
        assert harness.run(asking()).execution.error is None
        assert len(model.requests) == 1
        error = harness.run(asking("second/small")).execution.error
    assert error is not None
    assert len(model.requests) == 1


def test_what_the_crew_itself_is_the_reason_of_asks_no_other(harness: Harness, model: ScriptedModel) -> None:
    with out(harness, 400) as first:
        ended = harness.run(asking(MODEL))
    assert ended.execution.error is not None
    assert ended.execution.error.type == "ModelRefusedRequest"
    assert (first.asked, model.requests) == (1, [])


def test_several_are_asked_in_their_order_and_the_last_ones_refusal_is_told(
    harness: Harness, model: ScriptedModel
) -> None:
    with out(harness, 404) as first, out(harness, 401, "second") as second:
        assert harness.run(asking("second/small", MODEL)).execution.error is None
        error = harness.run(asking("second/small")).execution.error
    assert (first.asked, second.asked, len(model.requests)) == (2, 2, 1)
    assert error is not None
    assert error.type == "ModelAuthentication"


@pytest.mark.parametrize("status", [401, 503])
def test_a_later_attempt_begins_with_the_one_that_answered(harness: Harness, model: ScriptedModel, status: int) -> None:
    with out(harness, status) as first:
        execution_id = harness.submit(asking(MODEL))
        records, submissions = harness.executions.kept()
        harness.attempt(execution_id)
        harness.executions.restore(records, submissions)
        first.status = 400  # asked again, it would end the crew
        ended = harness.ended(execution_id, harness.attempt(execution_id))
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert (first.asked, len(model.requests)) == (1, 1)


def test_an_asynchronous_task_and_a_manager_have_theirs_too(harness: Harness, model: ScriptedModel) -> None:
    tasks = [task("One. [[say 1]]", "one", async_execution=True), task("Two. [[say 2]]", "two")]
    llm = {"model": "first/big", "fallbacks": [MODEL]}
    with out(harness, 401):
        assert harness.run({**crew(*tasks), "model": llm}).execution.error is None
        managed = {**crew(task("Lead. [[say Led.]]")), "process": "hierarchical", "manager_llm": llm}
        assert harness.run(managed).execution.error is None
    assert len(model.requests) >= 3
