"""Code that runs inside an attempt without being a crew."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TypeVar

from stepcrew_runner.crew.install import install
from stepcrew_runner.gate import scope
from stepcrew_runner.gate.companions import Companions
from stepcrew_runner.gate.control import Control, Time
from stepcrew_runner.gate.gate import Gate
from stepcrew_runner.gate.journal import Journal
from stepcrew_runner.gate.placeholders import Placeholders
from stepcrew_runner.isolation.redaction import Redactor
from tests.runner.harness import GROUP, Harness, crew, task

Answer = TypeVar("Answer")


@contextmanager
def an_attempt(harness: Harness) -> Generator[Companions]:
    """The next attempt of the one execution there is; when it ends here, its gate is shut."""
    install()
    if not harness.executions.all():
        harness.submit(crew(task("Nothing.")))
    (record,) = harness.executions.all()
    execution = harness.executions.begin_attempt(GROUP, record.execution_id, harness.clock.now())
    journal = Journal(harness.journal, execution, Placeholders())
    journal.load()
    control = Control(execution, harness.executions, harness.clock, Time(harness.remaining, 120), journal.usage)
    gate = Gate(execution, harness.clock, control, journal)
    try:
        yield Companions(execution, harness.clock, Redactor(), control, gate)
    finally:
        gate.shut()


def in_attempt(harness: Harness, run: Callable[[], Answer]) -> Answer:
    """Runs it in the next attempt of the one execution there is."""
    with an_attempt(harness) as companions:

        def inside() -> Answer:
            scope.enter(companions.gate)
            return run()

        return contextvars.Context().run(inside)
