"""What crews remember, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import Result

from tests.unit.cli import invoking
from tests.unit.cli.fake_api import FakeApi


def invoke(api: FakeApi, *arguments: str, typed: str = "") -> Result:
    return invoking.invoke(api, "memory", *arguments, typed=typed)


def removed(api: FakeApi) -> list[str]:
    return [seen.path for seen in api.seen if seen.method == "DELETE"]


def test_scopes_are_listed_with_what_lies_in_them(api: FakeApi) -> None:
    line = invoke(api, "scopes").stdout.splitlines()[1]
    assert line.split()[:2] == ["/crews/shop", "3"]
    assert "openai/small" in line
    assert json.loads(invoke(api, "scopes", "--json").stdout)["scopes"][0]["records"] == 3


def test_records_are_listed_by_scope_and_words(api: FakeApi) -> None:
    result = invoke(api, "list", "/crews/shop", "--words", "tea", "--limit", "5")
    assert "Ada prefers tea." in result.stdout
    assert "--cursor on" in result.stderr
    assert api.seen[-1].path.startswith("/api/v1/memory/records")


def test_a_scope_is_removed_when_it_is_confirmed(api: FakeApi) -> None:
    assert invoke(api, "remove", "/crews/shop", typed="n\n").exit_code != 0
    assert removed(api) == []
    result = invoke(api, "remove", "/crews/shop", typed="y\n")
    assert "with 3 records" in result.stderr
    assert "Removed 3 records and 2 kept vectors." in result.stderr
    assert removed(api) == ["/api/v1/memory/scopes/crews/shop"]


def test_a_program_says_yes_beforehand(api: FakeApi) -> None:
    assert invoke(api, "remove", "/crews/shop", "--json").exit_code != 0
    assert removed(api) == []
    assert json.loads(invoke(api, "remove", "/crews/shop", "--json", "--yes").stdout)["records"] == 3


def test_one_record_is_removed_by_its_id(api: FakeApi) -> None:
    assert invoke(api, "remove", "r1").exit_code == 0
    assert removed(api) == ["/api/v1/memory/records/r1"]


def test_what_is_remembered_is_exported_page_by_page(api: FakeApi, tmp_path: Path) -> None:
    assert invoke(api, "export", "/crews/shop").stdout == '{"content":"first"}\n{"content":"second"}\n'
    assert "/api/v1/memory/export?scope=%2Fcrews%2Fshop" in [seen.path for seen in api.seen]
    file = tmp_path / "memory.jsonl"
    assert "2 records are in" in invoke(api, "export", "-o", str(file)).stderr
    assert file.read_text().count("\n") == 2
    assert invoke(api, "export", "-o", str(tmp_path / "none" / "x")).exit_code != 0


def test_memory_is_searched_by_its_meaning(api: FakeApi) -> None:
    result = invoke(api, "search", "/crews/shop", "hot drinks", "--limit", "3")
    assert result.stdout.splitlines()[1].split()[:2] == ["0.75", "r1"]
    assert api.seen[-1].path == "/api/v1/memory/search?scope=%2Fcrews%2Fshop&query=hot+drinks&limit=3"


def test_a_scope_is_embedded_again_and_its_end_waited_for(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stepcrew_cli.commands.memory.PAUSE_SECONDS", 0)
    result = invoke(api, "reembed", "/crews/shop", "--embedder", "openai/large")
    assert "/crews/shop has vectors of openai/small in the table." in result.stderr
    assert [seen.body for seen in api.seen if seen.method == "POST"][-1] == {
        "scope": "/crews/shop",
        "embedder": "openai/large",
    }
    invoke(api, "reembed", "/crews/shop", "--backend", "s3vectors", "--detach")
    assert api.seen[-1].body == {"scope": "/crews/shop", "backend": "s3vectors"}
    assert "moves to openai/large" in invoke(api, "reembed", "/crews/shop", "--detach").stderr


def test_why_a_scope_was_not_embedded_again_is_told(api: FakeApi) -> None:
    result = invoke(api, "reembed", "/crews/refused")
    assert result.exit_code != 0
    assert "it is down" in result.stderr
