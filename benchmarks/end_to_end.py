"""Through the whole local stack, in turn with CrewAI alone."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime

from tests.e2e.user import TERMINAL, User, crew, task

from benchmarks.report import Figure, spread
from scripted_model import scripted_model
from stepcrew_local.layout import ROOT
from stepcrew_local.provider import external_model
from stepcrew_local.stack import StackOptions, running_stack

ROUNDS = 15
BOUND_SECONDS = 1.5


@contextmanager
def bare(url: str, tasks: int) -> Generator[Callable[[], float]]:
    """A warm process of CrewAI alone; each call runs the crew once and answers the seconds."""
    path = os.pathsep.join([str(ROOT / "functions/runner"), str(ROOT / "layers/core")])
    with subprocess.Popen(
        [ROOT / ".venvs/runner/bin/python", ROOT / "benchmarks/bare_kickoff.py", url, str(tasks)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:
        assert process.stdin
        assert process.stdout

        def once() -> float:
            assert process.stdin
            assert process.stdout
            process.stdin.write("go\n")
            process.stdin.flush()
            return float(process.stdout.readline())

        yield once
        process.stdin.close()


def through_the_stack(user: User) -> tuple[float, float]:
    """Seconds from POST to COMPLETED visible, and from the first event's emission to its being readable."""
    start = time.time()
    execution_id = user.submit(crew(task("Task 0. [[say done]]")))
    first_event, etag = 0.0, ""
    while True:
        if not first_event:
            events = user.get(f"/executions/{execution_id}/traces").json()["events"]
            if events:
                first_event = time.time() - datetime.fromisoformat(events[0]["emitted_at"]).timestamp()
        answer = user.get(
            f"/executions/{execution_id}",
            headers={"If-None-Match": etag, **({"Prefer": "wait=5"} if first_event else {})},
        )
        etag = answer.headers.get("ETag", etag)
        if answer.status_code == 200 and answer.json()["status"] in TERMINAL:
            assert answer.json()["status"] == "COMPLETED", answer.text
            took = time.time() - start
            break
    while not first_event:
        events = user.get(f"/executions/{execution_id}/traces").json()["events"]
        if events:
            first_event = time.time() - datetime.fromisoformat(events[0]["emitted_at"]).timestamp()
    return took, first_event


def measure() -> list[Figure]:
    with scripted_model() as model, bare(model.url, 1) as alone:
        options = StackOptions(port=0, model=external_model(model.url), environment={})
        with running_stack(options) as stack, User(stack.url, "ada") as user:
            for _ in range(3):
                alone()
                through_the_stack(user)
            pairs = [(alone(), *through_the_stack(user)) for _ in range(ROUNDS)]
    more = [whole - kickoff for kickoff, whole, _ in pairs]
    first = [event for _, _, event in pairs]
    return [
        Figure(
            "POST → COMPLETED visible, beyond bare `crew.kickoff()`",
            spread(more, "s"),
            f"≤ {BOUND_SECONDS} s",
            sorted(more)[len(more) // 2] <= BOUND_SECONDS,
            "one task, instant scripted model, warm runner, local stack; a round runs CrewAI alone in a warm process "
            f"({spread([kickoff for kickoff, _, _ in pairs], 's')}) and then the same crew over HTTP",
        ),
        Figure(
            "First event readable after its emission",
            spread(first, "s"),
            f"≤ {BOUND_SECONDS} s",
            sorted(first)[len(first) // 2] <= BOUND_SECONDS,
            "the same rounds; the client polls the trace without a pause",
        ),
    ]
