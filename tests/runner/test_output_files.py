"""Files that a project writes are artifacts of its execution, whatever dies on the way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.artifacts import WRITTEN, written_artifacts
from stepcrew_runner.crew import output_files
from stepcrew_runner.isolation import addresses
from tests.runner.harness import GROUP, Ended
from tests.runner.project_harness import ProjectHarness
from tests.runner.test_journal import Death, killed_and_run_on

ENTRY = {"entry": "crew:crew", "kind": "crew", "environment": ["REPORT_READER"]}
DRAWN = "output/pictures/a b.bin"
FILES = {
    "output/data.json": b'{"n": 1}',
    DRAWN: b"\x00\xffa b",
    "report.md": b"# Report of [[secret]]",
}


@pytest.fixture
def harness(model: ScriptedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProjectHarness:
    monkeypatch.setattr(addresses, "_serves_project", True)
    made = ProjectHarness(model, tmp_path, "writing_crew")
    made.secrets.groups[GROUP, "REPORT_READER"] = "the board of directors"
    return made


def written(harness: ProjectHarness, ended: Ended) -> dict[str, bytes]:
    execution_id = ended.execution.execution_id
    found = written_artifacts(harness.payloads.sizes(GROUP, execution_id, WRITTEN))
    return {one.name: harness.payloads.bodies[GROUP, execution_id, one.written] for one in found}


def test_what_a_project_writes_below_output_and_as_output_files_is_kept(harness: ProjectHarness) -> None:
    ended = harness.run(ENTRY)
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert written(harness, ended) == FILES


@pytest.mark.parametrize("write", range(1, 5))
def test_a_killed_attempt_loses_none_and_the_next_one_doubles_none(harness: ProjectHarness, write: int) -> None:
    ended = killed_and_run_on(harness, ENTRY, [Death(write)]).ended
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert written(harness, ended) == FILES


def test_what_was_written_before_a_death_is_there_whoever_goes_on(harness: ProjectHarness) -> None:
    execution_id = harness.submit(ENTRY)
    complete = harness.tasks.save_task_output

    def dies(*_: object, **__: object) -> None:
        harness.tasks.save_task_output = complete
        raise SystemExit

    harness.tasks.save_task_output = dies
    answer = harness.attempt(execution_id)
    assert set(written(harness, harness.ended(execution_id, answer))) == {DRAWN, "report.md"}


def test_only_so_much_is_kept_and_the_log_says_what_is_not(
    harness: ProjectHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output_files, "MOST_FILES", 2)
    monkeypatch.setattr(output_files, "MOST_BYTES", 8)
    ended = harness.run(ENTRY)
    assert ended.outcome == "COMPLETED"
    assert set(written(harness, ended)) == {DRAWN, "output/data.json"}
    assert "The file report.md of " in json.dumps(
        [line.message for line in harness.queue.logs(ended.execution.execution_id)]
    )
