from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import suppress
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from scripts.tool_arguments import of_no_crew

from scripted_model import ScriptedModel
from stepcrew import tool_arguments
from stepcrew.domain.tools import TOOLS
from stepcrew_runner.crew.own_tools import CalculatorTool, CurrentTimeTool
from stepcrew_runner.crew.tools import MODULES, OWN, ToolNotUsable, make_tool
from stepcrew_runner.isolation import addresses
from tests.runner.harness import Harness, agent, task

FOUND = find_spec("crewai_tools")
CREWAI_TOOLS = Path(((FOUND and FOUND.submodule_search_locations) or ["absent"])[0])
DOCUMENT = Path(__file__).resolve().parents[2] / "docs/tools.md"


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
    made = make_tool(name, secrets, of_no_crew())
    assert type(made).__name__ == name
    assert made.args_schema.model_json_schema()["properties"]
    assert make_tool(f"crewai_tools:{name}", secrets, of_no_crew()) is not made


def test_what_the_api_tells_of_their_arguments_is_what_they_take() -> None:
    told = tool_arguments.schemas()
    assert list(told) == list(TOOLS)
    for name, spec in TOOLS.items():
        made = make_tool(name, dict.fromkeys(spec.secrets, "none"), of_no_crew())
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


class Asked:
    """In place of `requests`: `texts` are what was asked, with headers and body."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def request(self, *arguments: Any, **named: Any) -> Any:
        self.texts.append(repr((arguments, named)))
        answer = requests.Response()
        answer.status_code = 200
        answer.raw = BytesIO(b"{}")
        return answer


ARGUMENTS: dict[str, dict[str, Any]] = {
    "BraveLocalPOIsTool": {"ids": ["a"]},
    "BraveLocalPOIsDescriptionTool": {"ids": ["a"]},
    "BraveSearchTool": {"q": "rain"},
    "BrightDataSearchTool": {"query": "rain"},
    "BrightDataWebUnlockerTool": {"url": "https://93.184.216.34/"},
    "ContextualAIRerankTool": {"query": "rain", "documents": ["a"]},
    "JinaScrapeWebsiteTool": {"website_url": "https://93.184.216.34/"},
    "ParallelSearchTool": {"objective": "rain"},
    "SerperScrapeWebsiteTool": {"url": "https://93.184.216.34/"},
}


def arguments_of(name: str) -> dict[str, Any]:
    brave = {"q": "rain"} if name.startswith("Brave") else {"search_query": "rain"}
    return ARGUMENTS.get(name, brave)


@pytest.mark.parametrize("name", [name for name, spec in TOOLS.items() if spec.secrets])
def test_a_tool_sends_the_keys_it_was_made_with_whatever_the_environment_holds_when_it_is_called(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Asked()
    for method in ("get", "post", "request"):
        monkeypatch.setattr(requests, method, asked.request)
    secrets = TOOLS[name].secrets
    tools = [make_tool(name, {secret: f"{secret}-of-{group}" for secret in secrets}) for group in "ab"]
    for secret in secrets:
        monkeypatch.setenv(secret, "key-of-the-process")
    for tool in tools:
        with suppress(Exception):  # the answer is none of the service's
            tool.run(**arguments_of(name))
    assert len(asked.texts) == 2
    for text, group in zip(asked.texts, "ab", strict=True):
        assert all(f"{secret}-of-{group}" in text for secret in secrets)
        assert "key-of-the-process" not in text


def test_modules_with_keys_read_nothing_of_the_operating_system_but_the_environment() -> None:
    for name, spec in TOOLS.items():
        for path in MODULES.get(name, ()) if spec.secrets else ():
            source = (CREWAI_TOOLS / f"tools/{path.replace('.', '/')}.py").read_text()
            used = set(re.findall(r"\bos\.(\w+)", source))
            assert used <= {"environ", "getenv"}, path


def test_the_documentation_says_of_every_tool_of_the_package_whether_it_is_in() -> None:
    exported = ast.literal_eval(
        (CREWAI_TOOLS / "__init__.py").read_text().partition("__all__ = ")[2].partition("]")[0] + "]"
    )
    tools = {name for name in exported if not re.search(r"(Schema|Config|Adapter)$", name)}
    rows = [line.split("|") for line in DOCUMENT.read_text().splitlines() if line.startswith("| `")]
    told = [name for row in rows for name in re.findall(r"`(\w+)`", row[1])]
    assert sorted(told) == sorted(tools)
    within = {name for row in rows if row[2].strip().startswith("in") for name in re.findall(r"`(\w+)`", row[1])}
    assert within == set(TOOLS) - set(OWN)
    for row in rows:
        for name in re.findall(r"`(\w+)`", row[1]):
            assert name not in TOOLS or set(TOOLS[name].secrets) == set(re.findall(r"`([A-Z_]{5,})`", row[2]))


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
