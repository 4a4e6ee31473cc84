"""The runner chains what it tells and what it asks, and the command line finds what was changed afterwards."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew_cli.verifying import Verified, verify
from tests.runner.harness import GROUP, Harness, agent, crew, task
from tests.runner.test_replay import TOOL, bundled

Lines = list[dict[str, Any]]
CONFIG: dict[str, Any] = {
    "agents": {"worker": agent(tools=["CalculatorTool"])},
    "tasks": [task(TOOL, "one"), task("Tell: 漢字 0.1 🌧️. [[say DONE]]", "two")],
    "effects": ["CalculatorTool"],
}


def proven(harness: Harness, tmp_path: Path, config: dict[str, Any] = CONFIG) -> Path:
    execution_id = harness.submit(config)
    harness.attempt(execution_id)
    bundled(harness, execution_id, tmp_path / "b.zip")
    return tmp_path / "b.zip"


def changed(path: Path, member: str, change: Callable[[Lines], object]) -> Verified:
    """What is found when one member was changed."""
    other = path.with_name("changed.zip")
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(other, "w") as made:
        for name in archive.namelist():
            text = archive.read(name).decode()
            if name == member:
                lines: Lines = [json.loads(line) for line in text.splitlines()]
                change(lines)
                text = "\n".join(json.dumps(line) for line in lines)
            made.writestr(name, text)
    return verify(other)


def test_what_nobody_touched_is_whole(harness: Harness, tmp_path: Path) -> None:
    found = verify(proven(harness, tmp_path))
    assert (found.faults, found.notes) == ([], [])
    assert found.events == len(harness.queue.events(harness.executions.all()[0].execution_id)) > 10
    assert found.entries == 4
    assert changed(tmp_path / "b.zip", "none", pop(0)).seal == found.seal


def pop(place: int) -> Callable[[Lines], object]:
    return lambda lines: lines.pop(place)


def without_two(lines: Lines) -> None:
    del lines[:2]


def added(**fields: int) -> Callable[[Lines], object]:
    return lambda lines: lines.append({**lines[-1], **fields})


def ends(**fields: str) -> Callable[[Lines], object]:
    return lambda lines: lines[0]["proof"]["1"].update(fields)


def put(place: int, name: str, value: object) -> Callable[[Lines], object]:
    return lambda lines: lines[place].update({name: value})


@pytest.mark.parametrize(
    ("member", "change", "fault"),
    [
        ("trace.jsonl", pop(2), "Event 1.3 is missing."),
        ("trace.jsonl", without_two, "Event 1.1 to 1.2 is missing."),
        ("trace.jsonl", pop(-1), "is missing."),
        ("trace.jsonl", put(2, "output", "other"), "Event 1.3 was altered, or what follows it."),
        ("trace.jsonl", put(-1, "output", "other"), "the last of its attempt, was altered."),
        ("trace.jsonl", added(sequence=99), "Event 1.99 was added"),
        ("trace.jsonl", added(attempt=7), "belongs to no attempt."),
        ("journal.jsonl", pop(0), "Entry 1 of the journal of attempt 1 is missing."),
        ("journal.jsonl", put(0, "body", "other"), "Entry 1 of the journal of attempt 1 was altered, or the next one."),
        ("journal.jsonl", put(0, "cost_usd", "0"), "Entry 1 of the journal of attempt 1 was altered, or the next one."),
        ("journal.jsonl", put(-1, "body", "other"), "of the journal of attempt 1, its last, was altered."),
        ("execution.json", ends(trace="0"), "was altered."),
    ],
)
def test_what_was_changed_is_named(
    harness: Harness, tmp_path: Path, member: str, change: Callable[[Lines], object], fault: str
) -> None:
    found = changed(proven(harness, tmp_path), member, change)
    assert [one for one in found.faults if fault in one], found.faults


def test_the_seal_tells_when_every_hash_was_made_again(harness: Harness, tmp_path: Path) -> None:
    path = proven(harness, tmp_path)
    other = changed(path, "execution.json", ends(journal="0"))
    assert other.seal != verify(path).seal


def test_the_beginning_of_a_call_with_effects_stays_in_the_chain_it_was_replaced_in(
    harness: Harness, tmp_path: Path
) -> None:
    path = proven(harness, tmp_path)
    with zipfile.ZipFile(path) as archive:
        entries = [json.loads(line) for line in archive.read("journal.jsonl").splitlines()]
    [replaced] = [entry["replaced"] for entry in entries if "replaced" in entry]
    assert [link["number"] for link in replaced] == [2]
    assert sorted(entry["number"] for entry in entries) == [1, 3, 4, 5]


def test_each_attempt_has_a_chain_of_its_own(harness: Harness, tmp_path: Path) -> None:
    execution_id = harness.submit(CONFIG)
    harness.slice_seconds = 1e-9
    while harness.attempt(execution_id).outcome.value == "CONTINUE":
        pass
    record = harness.executions.get(GROUP, execution_id)
    assert record.attempt > 1
    assert record.proof is not None
    assert set(record.proof) == {str(number) for number in range(1, record.attempt + 1)}
    bundled(harness, execution_id, tmp_path / "b.zip")
    found = verify(tmp_path / "b.zip")
    assert (found.faults, found.notes) == ([], [])


def test_tasks_side_by_side_write_one_chain(harness: Harness, tmp_path: Path) -> None:
    tasks = [task(f"Left {n}. [[say L{n}]]", f"t{n}", async_execution=True) for n in range(6)]
    found = verify(proven(harness, tmp_path, crew(*tasks, task("End. [[say END]]", "end"))))
    assert (found.faults, found.notes, found.entries) == ([], [], 7)


def test_an_attempt_that_died_leaves_an_end_that_cannot_be_proven(harness: Harness, tmp_path: Path) -> None:
    execution_id = harness.submit(CONFIG)
    harness.journal.outages = 100
    with pytest.raises(PlatformUnavailable):
        harness.attempt(execution_id)
    harness.journal.outages = 0
    harness.attempt(execution_id)
    record = harness.executions.get(GROUP, execution_id)
    assert record.proof is not None
    assert record.proof["1"].journal is None
    harness.executions.change(execution_id, proof={"2": record.proof["2"]}, traces_emitted={"2": 99})
    bundled(harness, execution_id, tmp_path / "b.zip")
    assert "Attempt 1 ended without a word: what it did last cannot be proven." in verify(tmp_path / "b.zip").notes


def test_an_execution_of_an_older_version_is_not_given_hashes_and_says_so(harness: Harness, tmp_path: Path) -> None:
    execution_id = harness.submit(CONFIG)
    harness.executions.change(execution_id, proof=None)
    harness.attempt(execution_id)
    assert harness.executions.get(GROUP, execution_id).proof is None
    bundled(harness, execution_id, tmp_path / "b.zip")
    assert verify(tmp_path / "b.zip").notes == ["An older version made this execution: it has no hashes."]
