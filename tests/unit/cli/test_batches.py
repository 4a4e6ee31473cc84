"""Batches, from the command line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from stepcrew_cli import batch_progress, batch_rows
from tests.unit.cli import invoking
from tests.unit.cli.fake_api import FakeApi, serving


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeApi]:
    monkeypatch.setattr(batch_progress, "FIRST_DELAY", 0.0)
    with serving(FakeApi()) as fake:
        yield fake


def invoke(api: FakeApi, *arguments: str) -> Result:
    return invoking.invoke(api, "batch", *arguments)


def sent(api: FakeApi) -> tuple[str, object]:
    found = next(one for one in api.seen if one.method == "POST" and one.path == "/api/v1/batches")
    assert found.headers["Idempotency-Key"]
    return found.path, found.body


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows.csv", "topic\nrain\nsnow\n"),
        ("rows.jsonl", '{"topic": "rain"}\n\n{"topic": "snow"}\n'),
        ("rows.json", '[{"topic": "rain"}, {"topic": "snow"}]'),
    ],
)
def test_a_batch_is_made_of_a_file_and_watched_to_its_end(api: FakeApi, tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    result = invoke(api, "run", "poems", str(file), "--at-once", "2", "--tolerate", "0", "--max-tokens", "9")
    assert result.exit_code == 0, result.output
    assert sent(api) == (
        "/api/v1/batches",
        {
            "crew": "poems",
            "inputs": [{"topic": "rain"}, {"topic": "snow"}],
            "max_concurrency": 2,
            "tolerated_failures": 0,
            "limits": {"max_tokens": 9},
        },
    )
    lines = [line for line in result.stdout.splitlines() if line.startswith("--")]
    assert lines[0].startswith("-- RUNNING 1 of 3: 1 completed, 0 failed, 1 running, 1 not started; 10 tokens")
    assert lines[-1] == "-- COMPLETED 3 of 3: 2 completed, 1 failed; 30 tokens, $0.0300"


def test_a_large_file_is_uploaded_where_no_trigger_hears_of_it(
    api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stepcrew_cli.commands.batch.MOST_INLINE_BYTES", 3)
    file = tmp_path / "rows.csv"
    file.write_text("topic\nrain\n")
    result = invoke(api, "run", "poems", str(file), "--detach")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "b-1")
    body = sent(api)[1]
    [uploaded] = [path.removeprefix("/api/v1/inbox/") for path in api.paths("POST") if "/inbox/" in path]
    assert uploaded.startswith("batches/")
    assert body == {"crew": "poems", "file": uploaded}
    assert invoke(api, "run", "poems", "s3://inbox/demo/rows.csv", "-d").exit_code == 0
    assert invoke(api, "run", "poems", "file:june.csv", "-d").exit_code == 0
    assert api.seen[-1].body == {"crew": "poems", "file": "june.csv"}


@pytest.mark.parametrize(("name", "text"), [("a.json", "{}"), ("a.jsonl", "{}\n{"), ("a.csv", 'topic\n"rain\n')])
def test_a_file_that_holds_no_rows_is_told_before_anything_is_sent(
    api: FakeApi, tmp_path: Path, name: str, text: str
) -> None:
    file = tmp_path / name
    file.write_text(text)
    result = invoke(api, "run", "poems", str(file))
    assert result.exit_code == 2
    assert str(file) in result.output
    assert invoke(api, "run", "poems", str(tmp_path / "absent.csv")).exit_code == 2
    assert api.paths("POST") in ([], ["/auth/demo-token"] * len(api.paths("POST")))
    assert batch_rows.MOST_INLINE_BYTES < 5_000_000


def test_batches_are_listed_and_shown_with_what_failed(api: FakeApi) -> None:
    listed = invoke(api, "list")
    assert listed.stdout.splitlines()[1].split()[-6:] == ["COMPLETED", "3", "2", "1", "$0.0300", "june"]
    assert "--cursor on" in listed.output
    api.looks = 2
    shown = invoke(api, "show", "b-1")
    assert "2 completed, 1 failed" in shown.stdout
    assert "Row 2: It broke." in shown.stdout
    assert json.loads(invoke(api, "show", "b-1", "--json").stdout)["batch_id"] == "b-1"


def test_results_are_all_pages_one_after_another(api: FakeApi, tmp_path: Path) -> None:
    assert invoke(api, "results", "b-1").stdout == '{"row": 1}\n{"row": 2}\n'
    file = tmp_path / "results.jsonl"
    told = invoke(api, "results", "b-1", "-o", str(file))
    assert "2 rows" in told.output
    assert file.read_text() == '{"row": 1}\n{"row": 2}\n'


def test_a_batch_is_cancelled_and_retried(api: FakeApi) -> None:
    assert invoke(api, "cancel", "b-1").exit_code == 0
    assert api.seen[-1].path == "/api/v1/batches/b-1/cancel"
    assert invoke(api, "retry", "b-1", "-d").exit_code == 0
    assert api.seen[-1].path == "/api/v1/batches/b-1/retry"
    assert invoke(api, "show", "b-1", "--watch").exit_code == 0
