"""A crew that is longer than a slice, on a stack with short ones."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from scripted_model import ScriptedModel, scripted_model
from tests.e2e.slicing import SLICE_SECONDS, long_crew, run, stack_of
from tests.e2e.user import User

TASKS = 12
CALLS = TASKS + 2 * (TASKS // 4)


@pytest.fixture(scope="module")
def scripted() -> Generator[ScriptedModel]:
    with scripted_model() as model:
        yield model


@pytest.fixture(scope="module")
def sliced(scripted: ScriptedModel) -> Generator[User]:
    with stack_of(scripted, SLICE_SECONDS) as user:
        yield user


def test_a_crew_in_many_slices_ends_like_one_in_a_single_piece(
    sliced: User, scripted: ScriptedModel, ada: User, model: ScriptedModel
) -> None:
    config = long_crew(TASKS, call_seconds=0.3)
    parts, whole = run(sliced, scripted, config), run(ada, model, config)
    assert whole.attempts == 1
    assert parts.attempts >= 5
    assert parts.model_calls == whole.model_calls == CALLS
    assert parts.outputs == whole.outputs == [f"OUT-{n}" for n in range(TASKS)]
    assert parts.record["usage"] == whole.record["usage"]
    assert parts.record["progress"] == whole.record["progress"]
    events = sliced.trace(parts.record["execution_id"])
    assert {event["attempt"] for event in events} == set(range(1, parts.attempts + 1))
    done = [event["task_name"] for event in events if event["event_type"] == "task_completed"]
    assert done == [f"t{n}" for n in range(TASKS)]
    used = [event for event in events if event["event_type"] == "tool_usage_completed"]
    again = [event for event in used if event["trace_metadata"].get("replayed")]
    assert len(used) - len(again) == CALLS - TASKS
    told = {(event["task_name"], event["output"]) for event in used}
    assert len(told) == CALLS - TASKS
