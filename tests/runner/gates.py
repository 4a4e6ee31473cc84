"""Code that runs inside an attempt without being a crew."""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from typing import TypeVar

from stepcrew_runner.crew.install import install
from stepcrew_runner.gate import scope
from stepcrew_runner.gate.control import Control, Time
from stepcrew_runner.gate.gate import Gate
from stepcrew_runner.gate.journal import Journal
from stepcrew_runner.gate.placeholders import Placeholders
from tests.runner.harness import GROUP, Harness, crew, task

Answer = TypeVar("Answer")


def in_attempt(harness: Harness, run: Callable[[], Answer]) -> Answer:
    """Runs it in the next attempt of the one execution there is."""
    install()
    if not harness.executions.all():
        harness.submit(crew(task("Nothing.")))
    (record,) = harness.executions.all()
    execution = harness.executions.begin_attempt(GROUP, record.execution_id, harness.clock.now())
    journal = Journal(harness.journal, execution, Placeholders())
    journal.load()
    control = Control(execution, harness.executions, harness.clock, Time(harness.remaining, 120), journal.usage)
    gate = Gate(execution, harness.clock, control, journal)

    def inside() -> Answer:
        scope.enter(gate)
        return run()

    try:
        return contextvars.Context().run(inside)
    finally:
        gate.shut()
