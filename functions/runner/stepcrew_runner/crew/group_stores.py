"""How a crew asks the stores of its group, its memory, files and knowledge: through the gate, with one way to fail."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pydantic_core import to_jsonable_python

from stepcrew.domain.errors import ExecutionError, StepcrewError
from stepcrew.domain.journal import EntryKey
from stepcrew_runner.gate import scope
from stepcrew_runner.gate.aborts import CrewFailed
from stepcrew_runner.gate.companions import Companions
from stepcrew_runner.gate.requests import digest_of_call


def asked(companions: Companions, operation: str, given: Any, ask: Callable[[EntryKey], Any]) -> Any:
    """The answer of a store, from the journal where it stands there: something that JSON can hold."""
    gate = companions.gate
    place = digest_of_call(operation, to_jsonable_python(given), gate.journal.seal)
    return json.loads(gate.store(operation, place, lambda key: json.dumps(ask(key))))


def ends_attempt(companions: Companions, error: StepcrewError) -> BaseException:
    """What to raise: CrewAI takes an exception of a store for nothing found, and would go on as if nothing had been
    asked."""
    return ended_by(
        companions,
        ExecutionError(
            category=error.category,
            type=type(error).__name__,
            message=companions.redactor.text(str(error)),
            remedy=error.remedy,
            task=scope.current_task(),
        ),
    )


def ended_by(companions: Companions, error: ExecutionError) -> BaseException:
    """The same, for an error as the execution will show it."""
    return companions.control.settle(CrewFailed(error))
