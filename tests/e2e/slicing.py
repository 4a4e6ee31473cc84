"""Runs the same long crew in slices and in one piece."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple

from scripted_model import ScriptedModel
from stepcrew_local.provider import external_model
from stepcrew_local.stack import StackOptions, running_stack
from tests.e2e.user import User, agent, task

SLICE_SECONDS = 1


class Ran(NamedTuple):
    """What a run of the crew came to; `seconds` from its submission to its end being visible."""

    seconds: float
    attempts: int
    model_calls: int
    record: dict[str, Any]
    outputs: list[str]


@contextmanager
def stack_of(model: ScriptedModel, slice_seconds: int) -> Generator[User]:
    """A stack of its own, and someone who uses it; slices of 0 seconds are as long as an invocation can be."""
    sliced = {"SLICE_SECONDS": str(slice_seconds)}
    options = StackOptions(
        port=0, model=external_model(model.url), environment={}, for_functions={"RunnerFunction": sliced}
    )
    with running_stack(options) as stack:
        stack.wait_until_healthy()
        with User(stack.url, "ada") as user:
            yield user


def long_crew(tasks: int, call_seconds: float) -> dict[str, Any]:
    """Every task sees the one before; every fourth one calls a tool twice, so that slices end inside tasks too."""

    def described(number: int) -> str:
        sums = [f'[[tool calculator {{"expression": "{number}+{n}"}}]]' for n in (1, 2) if number % 4 == 3]
        return f"Task {number}. {' '.join(sums)} [[slow {call_seconds}]] [[say OUT-{number}]]"

    context = [[f"t{number - 1}"] if number else [] for number in range(tasks)]
    return {
        "agents": {"worker": agent(tools=["CalculatorTool"])},
        "tasks": [task(described(number), f"t{number}", context=context[number]) for number in range(tasks)],
    }


def run(user: User, model: ScriptedModel, config: dict[str, Any]) -> Ran:
    """Nothing else may use the model meanwhile."""
    before, start = len(model.requests), time.monotonic()
    execution_id = user.submit(config)
    user.until(execution_id, lambda record: record["ended_at"] is not None)
    seconds = time.monotonic() - start
    record = user.ended(execution_id)
    assert record["status"] == "COMPLETED", record["error"]
    outputs = [one["raw"] for one in user.result(execution_id)["tasks"]]
    return Ran(seconds, record["attempt"], len(model.requests) - before, record, outputs)
