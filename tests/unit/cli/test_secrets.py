"""The group's secrets, from the command line."""

from __future__ import annotations

import json

import pytest
from typer.testing import Result

from tests.unit.cli import invoking
from tests.unit.cli.fake_api import FakeApi

VALUE = "value-5e1f0a7b"


def invoke(api: FakeApi, *arguments: str, typed: str = "") -> Result:
    return invoking.invoke(api, "secrets", *arguments, typed=typed)


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_a_secret_comes_from_stdin_without_the_line_break_that_ends_it(api: FakeApi, ending: str) -> None:
    result = invoke(api, "set", "MCP_KEY", typed=VALUE + ending)
    assert result.exit_code == 0
    sent = api.seen[-1]
    assert (sent.method, sent.path, sent.body) == ("PUT", "/api/v1/secrets/MCP_KEY", {"value": VALUE})
    assert "MCP_KEY is set." in result.stderr
    assert VALUE not in result.output


def test_a_secret_is_never_an_argument(api: FakeApi) -> None:
    assert invoke(api, "set", "MCP_KEY", VALUE).exit_code == 2
    assert invoke(api, "set", "MCP_KEY", typed="").exit_code == 2
    assert [seen for seen in api.seen if seen.method == "PUT"] == []


def test_secrets_are_listed_by_name_with_who_uses_them(api: FakeApi) -> None:
    assert invoke(api, "list").stdout.splitlines()[1].split()[0] == "MCP_KEY"
    assert json.loads(invoke(api, "list", "--json").stdout)["secrets"][0]["crews"] == ["poems"]


def test_a_secret_is_removed(api: FakeApi) -> None:
    assert invoke(api, "remove", "MCP_KEY").exit_code == 0
    assert (api.seen[-1].method, api.seen[-1].path) == ("DELETE", "/api/v1/secrets/MCP_KEY")
