"""CrewAI alone in a warm process, for comparison: reads a line, runs the crew once, prints the seconds.

Runs in the runner's environment: python bare_kickoff.py MODEL_URL TASKS
"""

from __future__ import annotations

import os
import sys
import time

from stepcrew_runner.isolation import environment, loading

environment.prepare()

from crewai import LLM, Agent, Crew, Task  # noqa: E402 - CrewAI may be imported only after `prepare`

loading.end()


def kickoff(url: str, tasks: int) -> None:
    agent = Agent(
        role="Worker",
        goal="Do it",
        backstory="Has done it before.",
        llm=LLM(model="openai/scripted", base_url=url, api_key="local"),
        respect_context_window=False,
        use_better_compaction=False,
    )
    crew = [
        Task(name=f"t{number}", description=f"Task {number}. [[say done]]", expected_output="Text.", agent=agent)
        for number in range(tasks)
    ]
    Crew(agents=[agent], tasks=crew, verbose=False).kickoff()  # pyright: ignore[reportUnknownMemberType]


def main() -> None:
    url, tasks = sys.argv[1], int(sys.argv[2])
    out = os.fdopen(os.dup(1), "w")
    for _ in iter(sys.__stdin__.readline if sys.__stdin__ else input, ""):
        start = time.perf_counter()
        kickoff(url, tasks)
        print(time.perf_counter() - start, file=out, flush=True)


if __name__ == "__main__":
    main()
