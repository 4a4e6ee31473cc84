"""Tools of an MCP server over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest
import uvicorn
from crewai.mcp.client import MCPClient
from mcp.server.fastmcp import Context, FastMCP
from mcp.types import ToolAnnotations

from scripted_model import ScriptedModel
from stepcrew import reach
from stepcrew.domain.execution import Execution, Status
from stepcrew.domain.journal import JournalEntry
from stepcrew.services.cancel_execution import request_cancel
from stepcrew_runner.crew import building
from stepcrew_runner.isolation import environment
from tests.runner.harness import GROUP, Harness, agent, task
from tests.runner.test_replay import ran, replayed
from tests.until import until

SECRET = "Bearer mcp-secret-1a2b3c4d"


class Server(uvicorn.Server):
    """On loopback, in a thread; remembers the authorization of each request. Forecasts wait while not `let_go`."""

    def __init__(self) -> None:
        self.authorizations: set[str] = set()
        self.begun = 0
        self.let_go = threading.Event()
        self.let_go.set()
        self.mcp = mcp = FastMCP("weather", stateless_http=True, json_response=True)

        @mcp.tool()
        async def forecast(city: str, context: Context[Any, Any, Any]) -> str:
            """Tells tomorrow's weather."""
            request = context.request_context.request
            assert request is not None
            self.authorizations.add(request.headers.get("authorization", ""))
            self.begun += 1
            await anyio.to_thread.run_sync(self.let_go.wait, abandon_on_cancel=True)
            return f"Sunny in {city}"

        @mcp.tool(annotations=ToolAnnotations(readOnlyHint=True))
        def warn(city: str) -> str:
            """Warns of storms."""
            return f"Storm in {city}"

        @mcp.tool(annotations=ToolAnnotations(readOnlyHint=True, destructiveHint=True))
        def flood(city: str) -> str:
            """Says of itself that it only reads, and that it destroys."""
            return f"Flooded {city}"

        self.tools = (forecast, warn, flood)
        super().__init__(uvicorn.Config(mcp.streamable_http_app(), port=0, log_level="error"))

    @property
    def port(self) -> int:
        return int(self.servers[0].sockets[0].getsockname()[1])


class Elsewhere(BaseHTTPRequestHandler):
    """A document that a schema refers to; who fetched it is in `fetched`."""

    fetched: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.fetched.append(self.path)
        body = b'{"type": "string", "description": "INSIDE"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def elsewhere() -> Generator[str]:
    Elsewhere.fetched.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()


@pytest.fixture
def server() -> Generator[Server]:
    running = Server()
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        thread.join(0.02)
    yield running
    running.should_exit = True
    thread.join(5)


def config(server: Server, **more: Any) -> dict[str, Any]:
    entry = {"url": f"http://127.0.0.1:{server.port}/mcp", "headers": {"Authorization": {"secret": "MCP_KEY"}}, **more}
    name = f"mcp_127_0_0_1_{server.port}_mcp_forecast"
    described = f'Ask. [[tool {name} {{"city": "Wien"}}]] [[say done]]'
    return {"agents": {"worker": agent(mcps=[entry])}, "tasks": [task(described)]}


@pytest.fixture
def public(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """As if the server stood on the public internet, with a certificate."""

    def no_fault(_server: Any) -> None:
        return None

    monkeypatch.setattr(building, "address_fault", no_fault)

    def yes(_host: str) -> bool:
        return True

    monkeypatch.setattr(reach, "is_public", yes)
    return server


def test_a_tool_of_a_server_is_called_with_the_groups_secret(
    harness: Harness, model: ScriptedModel, public: Server
) -> None:
    harness.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    ended = harness.run(config(public))
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert "Sunny in Wien" in model.requests[1].text
    assert public.authorizations == {SECRET}
    assert {"mcp_connection_started", "mcp_connection_completed"} <= set(ended.types)
    called = ended.of("mcp_tool_completed")
    assert [event.extra_data["tool_name"] for event in called] == ["forecast"]
    assert "mcp-secret" not in harness.queue.text()


def test_a_definition_may_choose_one_tool_of_a_server(harness: Harness, model: ScriptedModel, public: Server) -> None:
    harness.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    harness.run(config(public, tool="warn"))
    assert len(model.requests[0].tools) == 1
    assert model.requests[0].tools[0].endswith("warn")


@pytest.mark.parametrize(
    ("tool", "states"),
    [("forecast", ["begun", "answered"]), ("warn", ["answered"]), ("flood", ["begun", "answered"])],
)
def test_a_servers_tool_has_effects_unless_it_says_that_it_only_reads(
    harness: Harness, model: ScriptedModel, public: Server, tool: str, states: list[str]
) -> None:
    harness.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    written: list[str] = []
    write = harness.journal.write

    def noted(execution: Execution, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        if entry.kind == "tool" and not entry.name.startswith("tools/list"):
            written.append(entry.state.value)
        return write(execution, entry, again=again)

    harness.journal.write = noted
    named = config(public)
    named["tasks"][0]["description"] = named["tasks"][0]["description"].replace("forecast", tool)
    assert harness.run(named).outcome == "COMPLETED"
    assert written == states


def test_what_a_server_offers_is_asked_for_once_and_what_was_paid_for_stays_so(
    harness: Harness, model: ScriptedModel, public: Server
) -> None:
    """An attempt that finds another list in the journal than the server would tell now goes on with that of the
    journal: with another one, every request of the crew would be a new one."""
    harness.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    execution_id = harness.submit(config(public))
    assert harness.attempt(execution_id).outcome.value == "COMPLETED"
    harness.tasks.restore({})
    harness.executions.change(execution_id, status=Status.RUNNING, ended_at=None)
    public.mcp.remove_tool("warn")
    public.should_exit = True
    answer = harness.attempt(execution_id)
    ended = harness.ended(execution_id, answer)
    assert (ended.outcome, ended.answer.attempt) == ("COMPLETED", 2), ended.execution.error
    assert (len(model.requests), public.begun) == (2, 1)
    assert [one.attempt for one in ended.of("mcp_connection_completed")] == [1, 1]


@pytest.mark.parametrize("broken", ["_call_tool_impl", "disconnect"])
@pytest.mark.parametrize("error", [ConnectionError, RuntimeError])
def test_a_call_with_effects_whose_answer_is_lost_is_not_made_again_by_crewai(
    harness: Harness,
    model: ScriptedModel,
    public: Server,
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
    error: type[Exception],
) -> None:
    """Its client repeats a call up to 3 times, and the tool around it once more."""
    harness.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    whole = getattr(MCPClient, broken)

    async def breaks(client: Any, *arguments: Any) -> Any:
        await whole(client, *arguments)
        if public.begun:
            raise error("The connection broke.")

    monkeypatch.setattr(MCPClient, broken, breaks)
    ended = harness.run(config(public))
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert public.begun == 1
    assert "The connection broke." in model.requests[1].text


def test_a_crew_with_a_server_is_replayed_without_it(
    harness: Harness, model: ScriptedModel, public: Server, tmp_path: Path
) -> None:
    harness.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    bundle = ran(harness, tmp_path, config(public))
    assert "mcp-secret" not in "".join(entry.body for entry in bundle.journal)
    public.should_exit = True
    done = replayed(bundle)
    assert (done.status, done.differences, done.unanswered, done.asked_anew) == ("COMPLETED", [], None, 0), done.error
    assert (model.requests, public.begun) == ([], 1)


def test_a_bundle_without_what_its_server_offered_says_so(
    harness: Harness, model: ScriptedModel, public: Server, tmp_path: Path
) -> None:
    harness.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    bundle = ran(harness, tmp_path, config(public))
    without = bundle._replace(journal=[entry for entry in bundle.journal if not entry.name.startswith("tools/list")])
    done = replayed(without)
    assert done.unanswered
    assert "the crew itself to tools/list of 127.0.0.1" in done.unanswered


def test_a_marked_tool_of_a_server_waits_for_a_person(harness: Harness, model: ScriptedModel, public: Server) -> None:
    harness.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    execution_id = harness.submit({**config(public), "approval": {"tools": ["forecast"]}})
    assert harness.attempt(execution_id).outcome.value == "PARKED"
    assert public.authorizations == set()
    harness.decide(execution_id, "approve")
    assert harness.attempt(execution_id).outcome.value == "COMPLETED"
    assert "Sunny in Wien" in model.requests[1].text
    assert len(model.requests) == 2


def test_a_server_inside_the_platform_is_refused_by_its_address(
    harness: Harness, model: ScriptedModel, server: Server
) -> None:
    harness.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    ended = harness.run(config(server))
    assert ended.outcome == "FAILED"
    assert ended.execution.error is not None
    assert ended.execution.error.category.value == "tool"
    assert server.authorizations == set()


def test_a_name_that_leads_inside_is_refused_at_the_socket(
    harness: Harness, model: ScriptedModel, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_fault(_server: Any) -> None:
        return None

    monkeypatch.setattr(building, "address_fault", no_fault)
    harness.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    ended = harness.run(config(server))
    assert ended.outcome == "FAILED"
    assert ended.execution.error is not None
    assert ended.execution.error.category.value == "tool", ended.execution.error
    assert server.authorizations == set()
    assert "mcp_connection_failed" in ended.types
    assert model.requests == []


@pytest.mark.parametrize("reference", ["http", "file", "relative"])
def test_a_reference_out_of_a_tools_schema_is_followed_nowhere(
    harness: Harness, model: ScriptedModel, public: Server, elsewhere: str, tmp_path: Path, reference: str
) -> None:
    (tmp_path / "inside.json").write_text('{"type": "string", "description": "INSIDE"}')
    places = {"http": f"{elsewhere}/schema", "file": (tmp_path / "inside.json").as_uri(), "relative": "other.json"}
    for tool in public.mcp._tool_manager.list_tools():  # pyright: ignore[reportPrivateUsage]
        tool.parameters["properties"]["city"] = {"$ref": places[reference]}
        tool.parameters["properties"]["more"] = {"type": "array", "items": {"$ref": places[reference] + "#/x"}}
    harness.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    ended = harness.run(config(public))
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert Elsewhere.fetched == []
    assert "INSIDE" not in "".join(str(request.body) for request in model.requests)


def test_no_proxy_of_the_environment_stands_between_a_crew_and_the_address_check(
    harness: Harness, model: ScriptedModel, server: Server, elsewhere: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY"):
        monkeypatch.setenv(name, elsewhere)

    def no_fault(_server: Any) -> None:
        return None

    monkeypatch.setattr(building, "address_fault", no_fault)
    harness.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    taken = environment.take_proxies()
    assert taken == {"http": elsewhere, "https": elsewhere, "all": elsewhere, "no": elsewhere}
    ended = harness.run(config(server))
    assert ended.outcome == "FAILED"
    assert (Elsewhere.fetched, server.authorizations) == ([], set())


def test_calls_of_a_server_stop_with_their_attempt(harness: Harness, model: ScriptedModel, public: Server) -> None:
    harness.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    public.let_go.clear()
    entry = config(public)
    name = f"mcp_127_0_0_1_{public.port}_mcp_forecast"
    entry["tasks"] = [task(f'Ask. [[tools 20 {name} {{"city": "Wien"}}]] [[say done]]')]
    entry["agents"]["worker"]["cache"] = False
    execution_id = harness.submit(entry)
    attempt = harness.in_background(execution_id)
    until(lambda: public.begun == 8)  # as many as CrewAI makes at once
    request_cancel(harness.executions, GROUP, execution_id, harness.clock.now())
    assert attempt.ended().outcome == "CANCELLED"
    public.let_go.set()
    until(lambda: not [one for one in threading.enumerate() if one.name.startswith("ThreadPoolExecutor")])
    assert public.begun == 8
