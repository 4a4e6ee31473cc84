from __future__ import annotations

from stepcrew.domain.execution import TaskOutput, TaskState, crews_answer
from stepcrew.domain.trace import PayloadReference

FIRST = TaskOutput(index=0, name="one", raw="REPORT")
LARGE = TaskOutput(index=1, name="two", raw_reference=PayloadReference(payload_id="p", bytes=9))
SKIPPED = TaskOutput(index=2, name="three", state=TaskState.SKIPPED)


def test_the_crews_answer_is_that_of_the_last_task_which_has_any_text() -> None:
    assert crews_answer([FIRST, SKIPPED]) is FIRST
    assert crews_answer([FIRST, LARGE, SKIPPED]) is LARGE
    assert crews_answer([SKIPPED]) is None
