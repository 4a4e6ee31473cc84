"""Triggers and the inbox, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.fake_api import FakeApi
from tests.unit.cli.invoking import invoke


def last(api: FakeApi) -> tuple[str, str, object]:
    return api.seen[-1].method, api.seen[-1].path, api.seen[-1].body


def test_triggers_are_listed_and_shown(api: FakeApi) -> None:
    assert invoke(api, "triggers", "list").stdout.splitlines()[1].split()[:4] == ["orders", "hook", "poems", "on"]
    assert json.loads(invoke(api, "triggers", "show", "orders").stdout)["hook_path"] == "/api/v1/hooks/demo.x"


def test_a_trigger_is_made_from_a_file(api: FakeApi, tmp_path: Path) -> None:
    file = tmp_path / "orders.yaml"
    file.write_text("crew: poems\ninputs: {topic: '${text}'}\nobject: {prefix: new/}\n")
    result = invoke(api, "triggers", "set", "orders", str(file))
    assert result.exit_code == 0, result.output
    body = {"crew": "poems", "inputs": {"topic": "${text}"}, "object": {"prefix": "new/"}}
    assert last(api) == ("PUT", "/api/v1/triggers/orders", body)
    assert result.stdout == "/api/v1/hooks/demo.x\n"


@pytest.mark.parametrize(
    ("word", "method", "path"),
    [
        ("pause", "POST", "/api/v1/triggers/orders/pause"),
        ("resume", "POST", "/api/v1/triggers/orders/resume"),
        ("remove", "DELETE", "/api/v1/triggers/orders"),
    ],
)
def test_a_trigger_is_paused_resumed_and_removed(api: FakeApi, word: str, method: str, path: str) -> None:
    assert invoke(api, "triggers", word, "orders").exit_code == 0
    assert last(api)[:2] == (method, path)


def test_a_sample_shows_what_would_start_and_a_bad_one_fails(api: FakeApi, tmp_path: Path) -> None:
    sample = tmp_path / "sample.json"
    sample.write_text('{"text": "rain"}')
    good = invoke(api, "triggers", "test", "orders", str(sample))
    assert good.exit_code == 0
    assert json.loads(good.stdout) == {"topic": "rain"}
    assert last(api)[2] == {"document": {"text": "rain"}}
    sample.write_text("{}")
    bad = invoke(api, "triggers", "test", "orders", str(sample))
    assert bad.exit_code != 0
    assert "${text} finds nothing" in bad.stderr


def test_firings_are_listed_with_their_reasons_and_fired_again(api: FakeApi) -> None:
    shown = invoke(api, "triggers", "firings", "orders")
    assert "FAILED" in shown.stdout
    assert "no crew" in shown.stdout
    assert "--cursor on" in shown.stderr
    invoke(api, "triggers", "firings", "orders", "--cursor", "on")
    assert last(api)[1] == "/api/v1/triggers/orders/firings?limit=20&cursor=on"
    assert invoke(api, "triggers", "refire", "orders", "f1").stdout == "e-1\n"
    assert last(api)[:2] == ("POST", "/api/v1/triggers/orders/firings/f1/fire")


def test_a_file_is_put_into_the_inbox_without_the_token(api: FakeApi, tmp_path: Path) -> None:
    file = tmp_path / "a b.txt"
    file.write_text("rain")
    assert invoke(api, "inbox", "put", str(file), "--as", "new/a b.txt").exit_code == 0
    offered, uploaded = api.seen[-2:]
    assert (offered.method, offered.path) == ("POST", "/api/v1/inbox/new/a%20b.txt")
    assert (uploaded.method, uploaded.path, uploaded.body) == ("PUT", "/upload", "rain")
    assert "Authorization" not in uploaded.headers


def test_what_is_no_file_is_not_uploaded(api: FakeApi, tmp_path: Path) -> None:
    result = invoke(api, "inbox", "put", str(tmp_path))
    assert result.exit_code != 0
    assert "is no file" in result.stderr
    assert [seen for seen in api.seen if "/inbox" in seen.path] == []
