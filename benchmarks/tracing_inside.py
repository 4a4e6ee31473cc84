"""What tracing costs the crew. Runs in the runner's environment; prints one JSON list of [with, without] seconds.

Both sides build and run the same crew of five tasks with an instant model in this process; one has the recorder, the
sender thread and a queue that serialises each batch and takes 5 ms for it.
"""

from __future__ import annotations

import json
import os
import sys
import time

from stepcrew_runner.isolation import environment, loading

environment.prepare()

import asyncio  # noqa: E402 - CrewAI may be imported only after `prepare`
import contextvars  # noqa: E402
from datetime import UTC, datetime, timedelta  # noqa: E402

from crewai import LLM, Agent, Crew, Task  # noqa: E402
from crewai.events import crewai_event_bus  # noqa: E402
from crewai.events.stream_context import add_stream_sink  # noqa: E402
from tests.runner.fakes import FakeClock, FakeExecutions, FakeJournal  # noqa: E402

from stepcrew.domain.execution import Execution, Status  # noqa: E402
from stepcrew.domain.trace import LogLine, TraceBatch, TraceEvent  # noqa: E402
from stepcrew_runner.gate.companions import Companions  # noqa: E402
from stepcrew_runner.gate.control import Control, Time  # noqa: E402
from stepcrew_runner.gate.gate import Gate  # noqa: E402
from stepcrew_runner.gate.journal import Journal  # noqa: E402
from stepcrew_runner.gate.placeholders import Placeholders  # noqa: E402
from stepcrew_runner.isolation.redaction import Redactor  # noqa: E402
from stepcrew_runner.trace.recorder import TraceRecorder  # noqa: E402
from stepcrew_runner.trace.sender import TraceSender  # noqa: E402

loading.end()

TASKS = 5
NAMES = [f"t{number}" for number in range(TASKS)]
NOW = datetime.now(UTC)
EXECUTION = Execution(
    execution_id="e",
    group_id="g",
    name="bench",
    status=Status.RUNNING,
    created_at=NOW,
    updated_at=NOW,
    deadline=NOW + timedelta(hours=1),
    attempt=1,
)


def crew(url: str) -> Crew:
    agent = Agent(
        role="Worker",
        goal="Do it",
        backstory="Has done it before.",
        llm=LLM(model="openai/scripted", base_url=url, api_key="local"),
        respect_context_window=False,
        use_better_compaction=False,
    )
    tasks = [
        Task(name=name, description=f"{name} [[say done]]", expected_output="Text.", agent=agent) for name in NAMES
    ]
    return Crew(agents=[agent], tasks=tasks, verbose=False)


def companions() -> Companions:
    """Of an attempt whose gate lets everything by: only the trace is measured here."""
    clock, journal = FakeClock(), Journal(FakeJournal(), EXECUTION, Placeholders())
    control = Control(EXECUTION, FakeExecutions(clock), clock, Time(lambda: 900, 1), journal.usage)
    return Companions(EXECUTION, clock, Redactor(), control, Gate(EXECUTION, clock, control, journal))


def send(events: list[TraceEvent], logs: list[LogLine]) -> None:
    TraceBatch(group_id="g", execution_id="e", attempt=1, events=events, logs=logs).model_dump_json()
    time.sleep(0.005)


def once(url: str, traced: bool) -> float:
    built = crew(url)
    start = time.perf_counter()
    sender = TraceSender(send) if traced else None
    if sender:
        add_stream_sink(TraceRecorder(companions(), NAMES, sender.put).sink)
    loop = asyncio.new_event_loop()
    with crewai_event_bus.scoped_handlers():
        loop.run_until_complete(built.akickoff())  # pyright: ignore[reportUnknownMemberType]
    loop.close()
    took = time.perf_counter() - start
    if sender:
        sender.close()
    return took


def main() -> None:
    url, rounds = sys.argv[1], int(sys.argv[2])
    out = os.fdopen(os.dup(1), "w")
    pairs: list[tuple[float, float]] = []
    for number in range(rounds + 5):
        order = (True, False) if number % 2 else (False, True)
        took = {traced: contextvars.Context().run(once, url, traced) for traced in order}
        pairs.append((took[True], took[False]))
    print(json.dumps(pairs[5:]), file=out, flush=True)


if __name__ == "__main__":
    main()
