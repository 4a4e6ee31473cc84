"""`stepcrew bundle`, `replay` and `test`, as a user types them. The runner is played by a script."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from stepcrew_cli import places
from tests.unit.cli.fake_api import EXECUTION_ID, FakeApi
from tests.unit.cli.invoking import invoke
from tests.unit.cli.test_commands import CREW

SAME: dict[str, Any] = {"status": "COMPLETED", "differences": [], "answered": 2, "asked_anew": 0, "outputs": []}
OTHER: dict[str, Any] = {
    **SAME,
    "differences": [{"what": "output", "task": "two", "before": "first\nold", "after": "first\nnew"}],
}


class Runner:
    """A checkout whose runner prints `told`, and keeps how it was called."""

    def __init__(self, root: Path) -> None:
        self._root = root
        python = root / ".venvs" / "runner" / "bin" / "python"
        python.parent.mkdir(parents=True)
        python.write_text(
            f"#!{sys.executable}\n"
            "import json, os, sys\n"
            f"root = {str(root)!r}\n"
            "crew = sys.argv[sys.argv.index('--crew') + 1] if '--crew' in sys.argv else None\n"
            "call = {'arguments': sys.argv[1:], 'environment': dict(os.environ),\n"
            "        'crew': json.load(open(crew)) if crew else None}\n"
            "open(root + '/calls', 'a').write(json.dumps(call) + '\\n')\n"
            "print('something CrewAI says')\n"
            "print(open(root + '/told').read())\n"
        )
        python.chmod(0o755)
        self.tells(SAME)

    def tells(self, told: object) -> None:
        (self._root / "told").write_text(told if isinstance(told, str) else json.dumps(told))

    def calls(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self._root / "calls").read_text().splitlines()]


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    root = tmp_path / "checkout"
    monkeypatch.setattr(places, "checkout", lambda: root)
    return Runner(root)


def test_a_bundle_is_written_to_the_named_file(api: FakeApi, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    result = invoke(api, "bundle", EXECUTION_ID, "-o", str(path))
    assert (result.exit_code, result.stdout) == (0, f"{path}\n")
    assert path.read_bytes() == b"PK of a bundle"
    assert api.paths() == [f"/api/v1/executions/{EXECUTION_ID}/bundle"]


def test_a_bundle_that_cannot_be_written_is_told(api: FakeApi, tmp_path: Path) -> None:
    result = invoke(api, "bundle", EXECUTION_ID, "-o", str(tmp_path / "no" / "b.zip"))
    assert (result.exit_code, "cannot be written" in result.stderr) == (2, True)


def test_a_replay_is_given_no_key_and_shows_that_nothing_differs(
    api: FakeApi, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-key")
    result = invoke(api, "replay", "b.zip")
    assert (result.exit_code, "No difference." in result.stdout) == (0, True)
    [call] = runner.calls()
    assert call["arguments"] == ["-m", "stepcrew_runner.replay", str(Path("b.zip").resolve())]
    assert "OPENAI_API_KEY" not in call["environment"]
    assert api.seen == []


def test_a_live_replay_is_given_the_environment_and_a_changed_crew(
    api: FakeApi, runner: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-key")
    (tmp_path / "crew.yaml").write_text(CREW)
    assert invoke(api, "replay", "b.zip", "--live", "--crew", str(tmp_path / "crew.yaml")).exit_code == 0
    [call] = runner.calls()
    assert ("--live" in call["arguments"], call["environment"]["OPENAI_API_KEY"]) == (True, "sk-key")
    assert call["crew"]["agents"]["writer"]["role"] == "Writer"


def test_a_difference_is_shown_and_fails_a_test_but_not_a_replay(api: FakeApi, runner: Runner) -> None:
    runner.tells({**OTHER, "unanswered": "The journal has no answer to a request of crew task two to openai/x."})
    for command, code in (("replay", 0), ("test", 1)):
        result = invoke(api, command, "b.zip")
        assert result.exit_code == code
        for told in ("output of crew task two differs", "-old", "+new", "crew task two to openai/x"):
            assert told in result.stdout
        assert "-first" not in result.stdout


def test_a_test_replays_every_file(api: FakeApi, runner: Runner) -> None:
    assert invoke(api, "test", "a.zip", "b.zip").exit_code == 0
    assert [Path(call["arguments"][2]).name for call in runner.calls()] == ["a.zip", "b.zip"]
    result = invoke(api, "test", "a.zip", "b.zip", "--json")
    assert [json.loads(line)["file"] for line in result.stdout.splitlines()] == ["a.zip", "b.zip"]


def test_a_missing_output_is_told(api: FakeApi, runner: Runner) -> None:
    runner.tells({**SAME, "differences": [{"what": "output", "task": "two", "before": "x", "after": None}]})
    assert "it is missing now" in invoke(api, "test", "b.zip").stdout


@pytest.mark.parametrize(
    ("told", "message"),
    [({"refused": "It is no bundle.", "remedy": "Make it again."}, "It is no bundle."), ("Killed", "come to an end")],
)
def test_a_file_that_is_not_accepted_and_a_runner_that_dies_are_told(
    api: FakeApi, runner: Runner, told: object, message: str
) -> None:
    runner.tells(told)
    result = invoke(api, "test", "b.zip")
    assert (result.exit_code, message in result.stderr) == (2, True)


def test_without_a_checkout_it_says_what_is_missing(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "checkout", lambda: None)
    result = invoke(api, "replay", "b.zip")
    assert (result.exit_code, "repository" in result.stderr) == (2, True)


def test_what_is_verified_is_fetched_by_its_id_or_read_from_a_file(api: FakeApi, tmp_path: Path) -> None:
    path = tmp_path / "b.zip"
    record: dict[str, Any] = {"status": "COMPLETED", "attempt": 1, "traces_emitted": {"1": 1}, "proof": {"1": {}}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", json.dumps({"format": "stepcrew-bundle", "version": 1}))
        archive.writestr("execution.json", json.dumps(record))
        archive.writestr("trace.jsonl", "")
        archive.writestr("journal.jsonl", "")
    result = invoke(api, "verify", str(path))
    assert (result.exit_code, "Event 1.1 is missing." in result.stdout) == (1, True)
    assert api.seen == []
    result = invoke(api, "verify", EXECUTION_ID)
    assert (result.exit_code, "cannot be read as a bundle" in result.stderr) == (2, True)
    assert api.paths() == [f"/api/v1/executions/{EXECUTION_ID}/bundle"]
