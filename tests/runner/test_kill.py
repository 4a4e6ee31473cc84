"""A runner that is killed loses nothing that was finished and paid for; the next one goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew_local import fork_server
from stepcrew_local.bootstrap import Forked
from stepcrew_runner.isolation.addresses import trusted
from tests.runner import dying_attempt
from tests.runner.dying_attempt import keep, restore
from tests.runner.harness import GROUP, Ended, Harness, agent, task
from tests.until import until

ROOT = Path(__file__).resolve().parents[2]
CALLS = {"one": 1, "sum": 2, "never": 0, "left": 1, "end": 1}
"""Model calls of each crew task when nothing goes wrong."""


def config() -> dict[str, Any]:
    return {
        "agents": {"worker": agent(tools=["CalculatorTool"])},
        "tasks": [
            task("Do one. [[say ONE]]", "one"),
            task('Do sum. [[tool calculator {"expression": "6*7"}]] [[say 42]]', "sum"),
            task("Do never. [[say NEVER]]", "never", condition={"contains": "nothing like it"}),
            task("Do left. [[slow 0.2]] [[say LEFT]]", "left", async_execution=True, context=["one"]),
            task("Do end. [[say END]]", "end", context=["one", "sum", "left"]),
        ],
    }


@pytest.fixture(scope="module")
def server() -> Generator[str]:
    """Where a process listens that has imported CrewAI, which takes seconds, and forks those that are to be killed."""
    with TemporaryDirectory() as folder:
        address = f"{folder}/socket"
        paths = [ROOT, ROOT / "layers/core", ROOT / "functions/runner", ROOT / "tests/scripted"]
        command = [sys.executable, "-P", fork_server.__file__, address, f"{folder}/preload"]
        with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": ":".join(map(str, paths))}) as process:
            try:
                until(lambda: Path(address).exists())
                yield address
            finally:
                process.kill()


class DyingAttempts:
    """Processes of first attempts, and where each keeps what it stores."""

    def __init__(self, address: str, harness: Harness, folder: Path) -> None:
        self._address, self._harness, self._folder = address, harness, folder

    def start(self, moment: str, number: int) -> Forked:
        keep(self._harness, self._folder)
        command = [sys.executable, "-P", dying_attempt.__file__, str(self._folder), moment, str(number)]
        work = self._folder / "work"
        work.mkdir()
        with self._errors.open("wb") as log, trusted():
            return Forked(self._address, command, str(work), dict(os.environ), log)

    @property
    def _errors(self) -> Path:
        return self._folder / "errors"

    def after(self, process: Forked, execution_id: str, code: int = 9) -> Ended:
        """The next attempt, here, from what the dead one left."""
        assert process.wait() == code, self._errors.read_text()[-2000:]
        restore(self._harness, self._folder)
        answer = self._harness.attempt(execution_id)
        return self._harness.ended(execution_id, answer)


@pytest.fixture
def dying(server: str, harness: Harness, tmp_path: Path) -> DyingAttempts:
    return DyingAttempts(server, harness, tmp_path)


def calls(model: ScriptedModel) -> dict[str, int]:
    return {name: len(model.mentioning(f"Current Task: Do {name}.")) for name in CALLS}


@pytest.mark.parametrize(
    ("moment", "number", "repeated"),
    [
        ("call", 2, {}),
        ("call", 3, {}),  # between two calls of one task
        ("answered", 2, {"sum": 1}),  # the answer was in flight to the journal
        ("written", 2, {}),
        ("written", 3, {}),  # a tool's result
        ("save", 2, {}),
        ("saved", 3, {}),  # the skipped one
        ("saved", 5, {}),
        ("finish", 1, {}),
    ],
)
def test_the_next_attempt_repeats_only_what_was_not_stored(
    harness: Harness, model: ScriptedModel, dying: DyingAttempts, moment: str, number: int, repeated: dict[str, int]
) -> None:
    execution_id = harness.submit(config())
    ended = dying.after(dying.start(moment, number), execution_id)
    assert (ended.outcome, ended.answer.attempt) == ("COMPLETED", 2)
    assert {output.name: output.raw for output in ended.outputs} == {
        "one": "ONE",
        "sum": "42",
        "never": "",
        "left": "LEFT",
        "end": "END",
    }
    assert calls(model) == {name: count + repeated.get(name, 0) for name, count in CALLS.items()}
    last = model.mentioning("Current Task: Do end.")[-1].text
    assert all(text in last for text in ("ONE", "42", "LEFT"))
    assert [event.sequence for event in ended.events] == list(range(1, len(ended.events) + 1))


def test_what_finished_tasks_cost_is_known_after_a_kill(
    harness: Harness, model: ScriptedModel, dying: DyingAttempts
) -> None:
    execution_id = harness.submit(config())
    ended = dying.after(dying.start("saved", 5), execution_id)
    assert ended.execution.usage.model_calls == len(model.requests) == sum(CALLS.values())


def test_an_attempt_that_died_after_its_last_write_needs_no_other(
    harness: Harness, model: ScriptedModel, dying: DyingAttempts
) -> None:
    execution_id = harness.submit(config())
    ended = dying.after(dying.start("finished", 1), execution_id)
    assert ended.outcome == "SUPERSEDED"
    assert ended.execution.status.value == "COMPLETED"
    assert calls(model) == CALLS


def test_a_kill_in_the_middle_of_a_model_call_costs_that_call_alone(
    harness: Harness, model: ScriptedModel, dying: DyingAttempts
) -> None:
    slow = task("Do slow. [[slow 2]] [[say SLOW]]", "slow")
    execution_id = harness.submit({"agents": {"worker": agent()}, "tasks": [task("Do one. [[say ONE]]", "one"), slow]})
    process = dying.start("finished", 9)
    until(lambda: len(model.requests) == 2)
    os.kill(process.pid, signal.SIGKILL)
    ended = dying.after(process, execution_id, code=-signal.SIGKILL)
    assert ended.outcome == "COMPLETED"
    told = [line.message for line in harness.queue.logs(execution_id) if line.level == "WARNING"]
    assert [text for text in told if text.startswith("Attempt 1 died without saying why")]
    assert [output.attempt for output in harness.tasks.task_outputs(GROUP, execution_id)] == [1, 2]
    assert len(model.mentioning("Current Task: Do one.")) == 1
    assert len(model.mentioning("Current Task: Do slow.")) == 2
