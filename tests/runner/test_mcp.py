"""Tools of an MCP server over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import Any

import pytest
import uvicorn
from mcp.server.fastmcp import Context, FastMCP

from scripted_model import ScriptedModel
from stepcrew_runner.crew import building
from stepcrew_runner.isolation import addresses
from tests.runner.house import GROUP, House, agent, task

SECRET = "Bearer mcp-secret-1a2b3c4d"


class Server(uvicorn.Server):
    """On loopback, in a thread; remembers the authorization of each request."""

    def __init__(self) -> None:
        self.authorizations: set[str] = set()
        mcp = FastMCP("weather", stateless_http=True, json_response=True)

        @mcp.tool()
        def forecast(city: str, context: Context[Any, Any, Any]) -> str:
            """Tells tomorrow's weather."""
            request = context.request_context.request
            assert request is not None
            self.authorizations.add(request.headers.get("authorization", ""))
            return f"Sunny in {city}"

        @mcp.tool()
        def warn(city: str) -> str:
            """Warns of storms."""
            return f"Storm in {city}"

        self.tools = (forecast, warn)
        super().__init__(uvicorn.Config(mcp.streamable_http_app(), port=0, log_level="error"))

    @property
    def port(self) -> int:
        return int(self.servers[0].sockets[0].getsockname()[1])


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
    monkeypatch.setattr(addresses, "_operator", {*addresses._operator, ("127.0.0.1", server.port)})  # pyright: ignore[reportPrivateUsage]
    return server


def test_a_tool_of_a_server_is_called_with_the_groups_secret(
    house: House, model: ScriptedModel, public: Server
) -> None:
    house.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    ended = house.run(config(public))
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert "Sunny in Wien" in model.requests[1].text
    assert public.authorizations == {SECRET}
    assert {"mcp_connection_started", "mcp_connection_completed"} <= set(ended.types)
    called = ended.of("mcp_tool_completed")
    assert [event.extra_data["tool_name"] for event in called] == ["forecast"]
    assert "mcp-secret" not in house.queue.text()


def test_a_definition_may_choose_one_tool_of_a_server(house: House, model: ScriptedModel, public: Server) -> None:
    house.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    house.run(config(public, tool="warn"))
    assert len(model.requests[0].tools) == 1
    assert model.requests[0].tools[0].endswith("warn")


def test_a_marked_tool_of_a_server_waits_for_a_person(house: House, model: ScriptedModel, public: Server) -> None:
    house.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    execution_id = house.submit({**config(public), "approval": {"tools": ["forecast"]}})
    assert house.attempt(execution_id).outcome.value == "PARKED"
    assert public.authorizations == set()
    house.decide(execution_id, "approve")
    assert house.attempt(execution_id).outcome.value == "COMPLETED"
    assert "Sunny in Wien" in model.requests[1].text
    assert len(model.requests) == 2


def test_a_server_inside_the_platform_is_refused_by_its_address(
    house: House, model: ScriptedModel, server: Server
) -> None:
    house.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    ended = house.run(config(server))
    assert ended.outcome == "FAILED"
    assert ended.execution.error is not None
    assert ended.execution.error.category.value == "tool"
    assert server.authorizations == set()


def test_a_name_that_leads_inside_is_refused_at_the_socket(
    house: House, model: ScriptedModel, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_fault(_server: Any) -> None:
        return None

    monkeypatch.setattr(building, "address_fault", no_fault)
    house.secrets.groups[GROUP, "MCP_KEY"] = SECRET
    ended = house.run(config(server))
    assert ended.outcome == "FAILED"
    assert ended.execution.error is not None
    assert ended.execution.error.category.value == "tool", ended.execution.error
    assert server.authorizations == set()
    assert "mcp_connection_failed" in ended.types
    assert model.requests == []
