"""The official client of the Model Context Protocol runs stored crews as tools."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from stepcrew_local.layout import python_of
from tests.e2e.user import User, crew, task

CLIENT = """
import asyncio, json, sys
import httpx
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

asked = json.load(sys.stdin)
headers = {"Authorization": asked["token"]}

async def main():
    async with streamablehttp_client(asked["api"] + "/mcp", headers=headers) as (read, write, _):
        async with ClientSession(read, write) as session:
            first = await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            quick = await session.call_tool("mcp-quick", {"topic": "rain"})
            asks = await session.call_tool("mcp-asks", {})
            execution_id = asks.structuredContent["execution_id"]
            decide = f"{asked['api']}/executions/{execution_id}/feedback"
            httpx.post(decide, json={"decision": "approve"}, headers=headers).raise_for_status()
            ended = await session.call_tool("stepcrew_result", {"execution_id": execution_id})
            wrong = await session.call_tool("mcp-quick", {})
            told = {
                "server": first.serverInfo.name,
                "schema": tools["mcp-quick"].inputSchema,
                "quick": quick.content[0].text,
                "asks": asks.structuredContent,
                "ended": ended.content[0].text,
                "wrong": [wrong.isError, wrong.content[0].text],
            }
            print("TOLD", json.dumps(told))

asyncio.run(main())
"""


def told_by_the_client(user: User) -> dict[str, Any]:
    asked = {"api": f"{user.url}/api/v1", "token": user.headers["Authorization"]}
    done = subprocess.run(
        [python_of("runner"), "-c", CLIENT],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
        env={"HOME": "/nonexistent", "NO_PROXY": "127.0.0.1"},
    )
    assert "TOLD" in done.stdout, done.stdout + done.stderr
    return json.loads(done.stdout.partition("TOLD ")[2])


def test_the_official_client_lists_calls_and_waits_for_crews(ada: User) -> None:
    quick = crew(task("About {topic}. [[say RAINY]]"))
    asks = crew(task("Ask me. [[say DRAFT]]", human_input=True))
    for name, config in (("mcp-quick", quick), ("mcp-asks", asks)):
        assert ada.put(f"/crews/{name}", json={"config": config}).status_code == 201
    told = told_by_the_client(ada)
    assert (told["server"], told["schema"]["required"]) == ("stepcrew", ["topic"])
    assert (told["quick"], told["ended"]) == ("RAINY", "DRAFT")
    assert (told["asks"]["status"], told["asks"]["tasks_total"]) == ("WAITING", 1)
    assert told["wrong"][0] is True
    assert "topic" in told["wrong"][1]
