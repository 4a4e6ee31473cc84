from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from crewai.tools import BaseTool

from scripted_model import ScriptedModel
from stepcrew import tool_arguments
from stepcrew.domain.tools import TOOLS
from stepcrew_runner.crew.files import FileReadTool
from stepcrew_runner.crew.own_tools import CalculatorTool, CurrentTimeTool
from stepcrew_runner.crew.tools import KEYED, OWN, ToolNotUsable, make_tool
from stepcrew_runner.isolation import addresses
from tests.runner.harness import Harness, agent, task


@pytest.fixture(autouse=True)
def outside_of_attempts() -> Generator[None]:
    """Tools are called here as by the platform itself; a crew's calls pass its attempt's gate."""
    with addresses.trusted():
        yield


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("6*7", "42"),
        ("(2 + 3) * 4 - 1", "19"),
        ("-7 // 2", "-4"),
        ("2**100", str(2**100)),
        ("1/3", str(1 / 3)),
        ("+5 % 3", "2"),
    ],
)
def test_the_calculator_is_exact(expression: str, value: str) -> None:
    assert CalculatorTool().run(expression=expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        *("__import__('os')", "open('/etc/passwd')", "a+1", "'a'*9", "True+1", "1 if 1 else 2", "[1][0]", "1/0"),
        *("9**9**9", "(-8)**0.5", "10**10000", "(" * 400 + ")" * 400, "1+" * 300, "", "0x"),
    ],
)
def test_the_calculator_refuses_everything_else(expression: str) -> None:
    assert "cannot be evaluated" in CalculatorTool().run(expression=expression)


def test_the_clock_knows_time_zones() -> None:
    assert CurrentTimeTool().run(time_zone="Asia/Kathmandu").endswith("+05:45")
    assert "no time zone" in CurrentTimeTool().run(time_zone="../etc/passwd")


@pytest.mark.parametrize("name", sorted(TOOLS))
def test_every_tool_of_the_allow_list_can_be_made_without_the_environment(name: str) -> None:
    secrets = dict.fromkeys(TOOLS[name].secrets, "a-secret-value")

    def files() -> BaseTool:
        return FileReadTool(names=["facts.txt"], read=str)

    made = make_tool(name, secrets, files)
    assert type(made).__name__ == name
    assert made.args_schema.model_json_schema()["properties"]
    assert make_tool(f"crewai_tools:{name}", secrets, files) is not made


def test_what_the_api_tells_of_their_arguments_is_what_they_take() -> None:
    told = tool_arguments.schemas()
    assert list(told) == list(TOOLS)
    for name, spec in TOOLS.items():
        made = make_tool(name, dict.fromkeys(spec.secrets, "none"), lambda: FileReadTool(names=[], read=str))
        assert told[name] == made.args_schema.model_json_schema(), "run scripts/tool_arguments.py"


def test_a_tool_outside_the_allow_list_is_not_made() -> None:
    for name in ("DirectoryReadTool", "CodeInterpreterTool", "crewai_tools:FileWriterTool", "os:system"):
        with pytest.raises(ToolNotUsable):
            make_tool(name, {})


def test_making_one_tool_does_not_import_all_of_them() -> None:
    code = (
        "from stepcrew_runner.isolation import environment; environment.prepare(); import sys;"
        "from stepcrew_runner.crew.tools import make_tool; make_tool('SerperDevTool', {'SERPER_API_KEY': 'x'});"
        "print(sum(name.startswith('crewai_tools.tools.') for name in sys.modules))"
    )
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=paths())
    assert int(printed.stdout) < 10


class Asked(BaseHTTPRequestHandler):
    """Answers every search; the keys it was sent are in `keys`."""

    keys: list[str]

    def do_GET(self) -> None:
        self.keys.append(self.headers.get("x-api-key") or self.headers.get("x-subscription-token") or "")
        body = b'{"organic": [], "web": {"results": []}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.mark.parametrize(
    ("name", "secret", "address", "arguments"),
    [
        ("SerperDevTool", "SERPER_API_KEY", "base_url", {"search_query": "rain"}),
        ("BraveSearchTool", "BRAVE_API_KEY", "search_url", {"q": "rain"}),
    ],
)
def test_a_tool_sends_the_key_it_was_made_with_whatever_the_environment_holds_when_it_is_called(
    name: str, secret: str, address: str, arguments: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = type("Asked", (Asked,), {"keys": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), asked) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tools = [make_tool(name, {secret: key}) for key in ("key-of-group-a", "key-of-group-b")]
        monkeypatch.setenv(secret, "key-of-the-process")
        for tool in tools:
            setattr(tool, address, f"http://127.0.0.1:{server.server_address[1]}")
            with addresses.trusted():
                tool.run(**arguments)
        server.shutdown()
    assert asked.keys == ["key-of-group-a", "key-of-group-b"]


def test_every_tool_with_a_secret_is_given_it() -> None:
    assert set(KEYED) == {name for name, spec in TOOLS.items() if spec.secrets}
    assert all(len(TOOLS[name].secrets) == 1 for name in KEYED)


def paths() -> dict[str, str]:
    return {"PYTHONPATH": ":".join(sys.path)}


def test_a_tool_that_leads_into_the_platform_is_refused(harness: Harness, model: ScriptedModel) -> None:
    described = 'Read. [[tool read_website_content {"website_url": "http://127.0.0.1:9/latest"}]] [[say done]]'
    config: dict[str, Any] = {"agents": {"worker": agent(tools=["ScrapeWebsiteTool"])}, "tasks": [task(described)]}
    ended = harness.run(config)
    assert ended.outcome == "COMPLETED"
    assert len(ended.of("tool_usage_started")) == 1
    told = ended.of("tool_usage_failed", "tool_usage_completed")[0]
    assert "private" in str(told.output).lower() or "inside the platform" in str(told.output)


def test_our_own_tools_are_of_the_allow_list() -> None:
    assert set(OWN) <= set(TOOLS)
