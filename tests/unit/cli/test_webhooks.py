"""Webhooks, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner, Result

from stepcrew_cli.app import app
from tests.unit.cli import invoking
from tests.unit.cli.fake_api import FakeApi


def invoke(api: FakeApi, *arguments: str) -> Result:
    return invoking.invoke(api, "webhooks", *arguments)


def last(api: FakeApi) -> tuple[str, str, object]:
    return api.seen[-1].method, api.seen[-1].path, api.seen[-1].body


def test_webhooks_are_listed_and_shown(api: FakeApi) -> None:
    line = invoke(api, "list").stdout.splitlines()[1].split()
    assert line == ["ops", "on", "failed", "all", "https://ops.example.com/"]
    assert json.loads(invoke(api, "show", "ops").stdout)["name"] == "ops"


def test_a_webhook_is_made_from_a_file_and_removed(api: FakeApi, tmp_path: Path) -> None:
    file = tmp_path / "ops.yaml"
    file.write_text("url: https://ops.example.com/\nsecret: WEBHOOK_OPS\nevents: [failed]\n")
    result = invoke(api, "set", "ops", str(file))
    assert result.exit_code == 0, result.output
    body = {"url": "https://ops.example.com/", "secret": "WEBHOOK_OPS", "events": ["failed"]}
    assert last(api) == ("PUT", "/api/v1/webhooks/ops", body)
    assert invoke(api, "remove", "ops").exit_code == 0
    assert last(api)[:2] == ("DELETE", "/api/v1/webhooks/ops")


def test_deliveries_are_listed_with_the_reason_and_made_again(api: FakeApi) -> None:
    result = invoke(api, "deliveries", "ops")
    assert "msg_1" in result.stdout
    assert "The receiver answered 503." in result.stdout
    assert "--cursor further" in result.output
    assert invoke(api, "redeliver", "ops", "msg_1").stdout.splitlines()[0] == "msg_1"
    assert last(api)[:2] == ("POST", "/api/v1/webhooks/ops/deliveries/msg_1/redeliver")
    assert invoke(api, "test", "ops").exit_code == 0
    assert last(api)[:2] == ("POST", "/api/v1/webhooks/ops/test")


def test_links_that_decide_are_switched_and_their_key_changed(api: FakeApi) -> None:
    def say(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["links", *arguments], env={"STEPCREW_URL": api.url, "COLUMNS": "200"})

    assert say("show").stdout.splitlines()[1].split()[0] == "k-1"
    assert "7 days" in say("on", "--days", "7").stdout
    assert last(api) == ("PUT", "/api/v1/decision-links", {"enabled": True, "days": 7})
    assert say("off").output == "Decisions by links are off.\n"
    assert last(api) == ("PUT", "/api/v1/decision-links", {"enabled": False})
    assert say("rotate", "--revoke").exit_code == 0
    assert last(api)[:2] == ("POST", "/api/v1/decision-links/rotate?revoke=true")
    assert say("on", "--days", "31").exit_code == 2
