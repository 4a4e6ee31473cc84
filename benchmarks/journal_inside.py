"""What the journal costs, measured inside the runner's environment; prints one JSON object.

The real attempt runs on ports in memory. CPU time is that of the threads inside the gate, so that other work of the
machine does not count.
"""

from __future__ import annotations

import functools
import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any, cast

from stepcrew_runner.isolation import environment, loading

environment.prepare()

from tests.runner.harness import GROUP, Harness, agent, crew, task  # noqa: E402

from scripted_model import ScriptedModel  # noqa: E402 - CrewAI may be imported only after `prepare`
from stepcrew.domain.execution import Status  # noqa: E402
from stepcrew_runner.gate import transports  # noqa: E402
from stepcrew_runner.gate.gate import Gate  # noqa: E402
from stepcrew_runner.gate.journal import Journal  # noqa: E402
from stepcrew_runner.isolation import addresses  # noqa: E402

loading.end()

ROUNDS = 20
ENTRIES = 500
FIVE = crew(*(task(f"Task {number}. [[say done]]", f"t{number}") for number in range(5)))
TASKS = ENTRIES // 3 + 1
MANY = {
    "agents": {"worker": agent(tools=["CalculatorTool"])},
    "tasks": [
        task(f'T{n}. [[tool calculator {{"expression": "1+{n}"}}]] [[say done]]', f"t{n}", context=[])
        for n in range(TASKS)
    ],
}


class Spent:
    """CPU seconds of calls, by name; what calls inside are counted apart is taken off."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._inside = threading.local()

    def count(self, owner: Any, method: str, name: str) -> None:
        call: Callable[..., Any] = getattr(owner, method)

        @functools.wraps(call)
        def counted(*arguments: Any, **named: Any) -> Any:
            outer = getattr(self._inside, "seconds", 0.0)
            self._inside.seconds, begun = 0.0, time.thread_time()
            try:
                return call(*arguments, **named)
            finally:
                took = time.thread_time() - begun
                self.seconds[name] += took - self._inside.seconds
                self._inside.seconds = outer + took

        setattr(owner, method, counted)


def harness() -> Harness:
    return Harness(cast("ScriptedModel", None))


def main() -> None:
    out = os.fdopen(os.dup(1), "w")
    addresses.allow_operator_endpoints()
    spent = Spent()
    at_gate = [(transports, "_at_gate"), (Gate, "answered"), (Gate, "tool"), (Gate, "begin"), (Gate, "result")]
    for owner, method in at_gate:
        spent.count(owner, method, "gate")
    spent.count(Journal, "write", "write")
    spent.count(Journal, "load", "load")
    home = harness()
    home.run(FIVE)
    calls: list[float] = []
    for _ in range(ROUNDS):
        spent.seconds.clear()
        home.run(FIVE)
        calls.append(spent.seconds["gate"] * 1000 / 5)
    long = home.run(MANY).execution
    entries = len(home.journal.entries(GROUP, long.execution_id))
    home.tasks.restore({})
    home.executions.change(long.execution_id, status=Status.RUNNING, ended_at=None)
    spent.seconds.clear()
    begun, cpu = time.perf_counter(), time.process_time()
    assert home.attempt(long.execution_id).outcome.value == "COMPLETED"
    found = {
        "call_ms": calls,
        "tasks": TASKS,
        "entries": entries,
        "replay_s": time.perf_counter() - begun,
        "replay_ms_an_entry": (time.process_time() - cpu) * 1000 / entries,
        "replay_own_ms_an_entry": spent.seconds["gate"] * 1000 / entries,
        "load_ms": spent.seconds["load"] * 1000,
    }
    print(json.dumps(found), file=out, flush=True)


if __name__ == "__main__":
    main()
