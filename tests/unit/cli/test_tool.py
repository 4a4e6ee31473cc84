"""`stepcrew tool`: functions that a group's crews use as tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stepcrew_cli.commands import tool
from stepcrew_cli.deploying.building import Built
from stepcrew_cli.deploying.finding import find_tool
from stepcrew_reader.errors import CrewFileError
from tests.unit.cli.fake_api import FakeApi
from tests.unit.cli.invoking import invoke

TOOL = Path(__file__).parents[2] / "projects/order_tool/orders.py"
SCHEMA = {"type": "object", "properties": {"order": {"type": "string"}}}


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> Built:
    """Building one takes uv and the runner's packages, which other tests do."""
    told: dict[str, Any] = {"description": "Tells.", "input_schema": SCHEMA, "environment": ["SHOP_KEY"], "needs": {}}
    made = Built(find_tool(TOOL, None), {"name": "Look up: an Order!", **told}, [], b"content")
    monkeypatch.setattr(tool, "build", lambda *_, **__: made)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    return made


def test_the_groups_own_are_listed_and_the_others_on_demand(api: FakeApi) -> None:
    assert [line.split()[0] for line in invoke(api, "tool", "list").stdout.splitlines()] == ["Name", "refund"]
    assert [one["name"] for one in json.loads(invoke(api, "tool", "list", "--all", "--json").stdout)] == [
        "SerperDevTool",
        "refund",
    ]
    assert json.loads(invoke(api, "tool", "show", "refund").stdout)["name"] == "refund"


def test_a_function_is_registered_from_a_file(api: FakeApi, tmp_path: Path) -> None:
    file = tmp_path / "refund.yaml"
    file.write_text("description: Refunds.\ninput_schema: {type: object}\nfunction_arn: arn:x\neffects: true\n")
    result = invoke(api, "tool", "put", "refund", str(file))
    assert result.exit_code == 0, result.stderr
    body = {"description": "Refunds.", "input_schema": {"type": "object"}, "function_arn": "arn:x", "effects": True}
    assert (api.seen[-1].method, api.seen[-1].path, api.seen[-1].body) == ("PUT", "/api/v1/tools/refund", body)
    assert "it calls arn:x" in result.stderr


def test_a_tool_is_deployed_and_registered_under_a_name_that_models_can_call(api: FakeApi, built: Built) -> None:
    result = invoke(api, "tool", "deploy", str(TOOL), "--effects", "--timeout-seconds", "20")
    assert result.exit_code == 0, result.stderr
    assert "tool orders:LookUpOrder as look_up_an_order; reads: OPENAI_API_KEY, SHOP_KEY;" in result.stderr
    assert [one.path for one in api.seen if "/auth/" not in one.path] == [
        "/api/v1/tools/look_up_an_order/bundle",
        "/local/tools/look_up_an_order",
        "/api/v1/tools/look_up_an_order",
    ]
    assert api.seen[-2].body == {"sha256": built.digest}
    told = {"description": "Tells.", "input_schema": SCHEMA, "effects": True, "timeout_seconds": 20}
    assert api.seen[-1].body == {**told, "function_arn": "f:1"}
    assert invoke(api, "tool", "deploy", str(TOOL), "--name", "orders").exit_code == 0
    assert api.seen[-1].path == "/api/v1/tools/orders"


def test_secrets_that_a_tool_needs_are_told_and_registered_with_it(api: FakeApi, built: Built) -> None:
    built.report["needs"] = {"SHOP_KEY": "The tool Look up", "GITHUB_PAT": "The tool Look up"}
    result = invoke(api, "tool", "deploy", str(TOOL))
    assert "The tool Look up needs the secret SHOP_KEY: stepcrew secrets set SHOP_KEY" in result.stderr
    assert api.seen[-1].body["secrets"] == ["GITHUB_PAT", "SHOP_KEY"]


def test_what_did_not_come_along_is_told(api: FakeApi, built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = built.project._replace(kept=["SHOP_KEY", "TEAM", "region", "MCP_KEY"], notes=["Left out: a.py."])
    monkeypatch.setattr(tool, "build", lambda *_, **__: built._replace(project=kept))  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    built.report["needs"] = {"SHOP_KEY": "The tool Look up"}
    told = " ".join(invoke(api, "tool", "deploy", str(TOOL)).stderr.split())
    assert "Left out: a.py." in told
    assert "The values in .env stay on this machine, and no secret of the group has these: TEAM, region." in told
    assert "none can fill region." in told


def test_a_dry_run_stores_nothing(api: FakeApi, built: Built) -> None:
    told = json.loads(invoke(api, "tool", "deploy", str(TOOL), "--dry-run", "--json").stdout)
    assert (told["bundle"], told["input_schema"], told["function_changes"]) == (built.digest, SCHEMA, [])
    assert (api.paths("PUT"), [path for path in api.paths("POST") if "/local/" in path]) == ([], [])


@pytest.mark.parametrize(
    ("arn", "removes"),
    [
        ("arn:aws:lambda:eu-west-1:1:function:p-tool-0123-refund:3", True),
        ("arn:aws:lambda:eu-west-1:1:function:p-tool-0123-refund", True),
        ("arn:aws:lambda:eu-west-1:1:function:p-tool-0123-refunds:3", False),
        ("arn:aws:lambda:eu-west-1:1:function:refund", False),
    ],
)
def test_only_a_function_that_was_deployed_here_is_removed_with_its_tool(api: FakeApi, arn: str, removes: bool) -> None:
    api.function_arn = arn
    assert json.loads(invoke(api, "tool", "remove", "refund", "--json").stdout)["function_removed"] is removes
    assert api.paths("DELETE") == ["/api/v1/tools/refund", *(["/local/tools/refund"] if removes else [])]


def test_a_removal_that_stopped_half_way_goes_on(api: FakeApi) -> None:
    assert invoke(api, "tool", "remove", "absent").exit_code == 0
    assert api.paths("DELETE") == ["/api/v1/tools/absent", "/local/tools/absent"]


def test_the_tool_of_a_file(tmp_path: Path) -> None:
    found = find_tool(TOOL, None)
    assert (found.entry, found.environment) == ("orders:LookUpOrder", ["OPENAI_API_KEY", "SHOP_KEY"])
    assert found.dependencies == ["crewai", "roman==5.1"]
    file = tmp_path / "x.py"
    with pytest.raises(CrewFileError, match="There is no"):
        find_tool(file, None)
    file.write_text("class Other:\n    pass\n")
    with pytest.raises(CrewFileError, match="No tool was found"):
        find_tool(file, None)
    base = "from crewai.tools import BaseTool, tool\nclass One(BaseTool):\n    pass\n"
    file.write_text(f"{base}class Two(One):\n    pass\n@tool('add')\ndef add(a: int) -> int:\n    return a\n")
    with pytest.raises(CrewFileError, match="x:One, x:Two, x:add"):
        find_tool(file, None)
    assert find_tool(file, "x:add").entry == "x:add"
