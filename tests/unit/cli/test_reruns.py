"""`stepcrew rerun`, as a user types it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.cli.fake_api import EXECUTION_ID, FakeApi
from tests.unit.cli.invoking import invoke
from tests.unit.cli.test_commands import CREW


def test_a_rerun_prints_the_new_id_alone_and_sends_a_key(api: FakeApi) -> None:
    result = invoke(api, "rerun", EXECUTION_ID)
    assert (result.exit_code, result.stdout) == (0, f"{EXECUTION_ID}\n")
    [sent] = [one for one in api.seen if one.path.endswith("/rerun")]
    assert (sent.method, sent.path, sent.body) == ("POST", f"/api/v1/executions/{EXECUTION_ID}/rerun", {})
    assert sent.headers["Idempotency-Key"]


def test_everything_that_may_be_changed_is_sent(api: FakeApi, tmp_path: Path) -> None:
    (tmp_path / "one.txt").write_text("Edited.")
    (tmp_path / "crew.yaml").write_text(CREW)
    changed = ("--config", str(tmp_path / "crew.yaml"), "-i", "topic=snow", "-i", "n:=3", "--max-tokens", "9")
    kept = ("--from", "two", "--output", f"one={tmp_path / 'one.txt'}")
    assert invoke(api, "rerun", EXECUTION_ID, *kept, *changed, "--name", "mine").exit_code == 0
    body = api.seen[-1].body
    assert body.pop("config")["agents"]["writer"]["role"] == "Writer"
    assert body == {
        "from_task": "two",
        "task_outputs": {"one": "Edited."},
        "inputs": {"topic": "snow", "n": 3},
        "limits": {"max_tokens": 9},
        "name": "mine",
    }


@pytest.mark.parametrize("given", ["one", "=file", "one="])
def test_an_output_that_names_no_task_or_no_file_is_refused(api: FakeApi, given: str) -> None:
    result = invoke(api, "rerun", EXECUTION_ID, "--from", "two", "--output", given)
    assert (result.exit_code, "TASK=FILE" in result.stderr) == (2, True)
    assert not [one for one in api.seen if one.path.endswith("/rerun")]
