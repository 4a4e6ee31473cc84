"""`python dying_attempt.py FOLDER MOMENT NUMBER`: one attempt in a process that is killed at a moment.

What the table and the bucket would hold is kept in FOLDER, so that the next attempt goes on from it.
"""

from __future__ import annotations

from stepcrew_runner.isolation import environment

environment.prepare()

import os  # noqa: E402
import pickle  # noqa: E402
import sys  # noqa: E402
from collections.abc import Callable  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

from scripted_model import ScriptedModel  # noqa: E402
from tests.runner.harness import Harness  # noqa: E402

MOMENTS = ("call", "answered", "written", "save", "saved", "finish", "finished")
"""Before a call, before and after what it brought is written into the journal, before and after an output is stored,
before and after the execution is finished."""


def keep(harness: Harness, folder: Path) -> None:
    """All or nothing, as a store would."""
    text = pickle.dumps(harness.kept())
    (folder / "new").write_bytes(text)
    (folder / "new").replace(folder / "state")


def restore(harness: Harness, folder: Path) -> None:
    harness.restore(pickle.loads((folder / "state").read_bytes()))


def main(folder: Path, moment: str, number: int) -> None:
    harness = Harness(ScriptedModel())  # only to stand in its place: the real one is in the test's process
    restore(harness, folder)
    reached: dict[str, int] = dict.fromkeys(MOMENTS, 0)

    def at(now: str) -> None:
        keep(harness, folder)
        reached[now] += 1
        if now == moment and reached[now] == number:
            os._exit(9)  # as a killed sandbox: nothing is cleaned up, no thread is waited for

    def around(call: Callable[..., Any], before: str, after: str | None) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            at(before)
            answer = call(*arguments, **named)
            if after:
                at(after)
            return answer

        return wrapped

    from stepcrew_runner.gate.control import Control

    Control.check = around(Control.check, "call", None)  # type: ignore[method-assign]
    harness.journal.write = around(harness.journal.write, "answered", "written")  # type: ignore[method-assign]
    harness.tasks.save_task_output = around(harness.tasks.save_task_output, "save", "saved")  # type: ignore[method-assign]
    harness.executions.finish = around(harness.executions.finish, "finish", "finished")  # type: ignore[method-assign]
    (execution,) = harness.executions.all()
    harness.attempt(execution.execution_id)
    raise SystemExit(f"The moment {moment} {number} never came.")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
