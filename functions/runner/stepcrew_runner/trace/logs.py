"""The execution's log: what our own code and CrewAI say while it runs, as ordered lines without secrets.

Lines belong to the execution in whose context they are written (`current`), so two executions of one process never mix.
What a crew says stays in its execution's log: it may hold its users' texts, which are none of the operator's business.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import NamedTuple

from stepcrew.domain.trace import LogLine
from stepcrew_runner.isolation.redaction import Redactor

OWN = "stepcrew_runner"
CALLBACKS = f"{OWN}.callbacks"
"""The logger that says which event CrewAI tells, none of its content."""
MOST_CHARACTERS = 4_000


class Detail(NamedTuple):
    """How much an execution's log has: our own lines from this level on, and whether each event of CrewAI's stream is
    named, also those that are no part of the trace."""

    level: int = logging.INFO
    callbacks: bool = False


USUAL, EVERYTHING = Detail(), Detail(logging.DEBUG, callbacks=True)


class ExecutionLog:
    """Numbers the lines and hands them on."""

    def __init__(self, attempt: int, put: Callable[[LogLine], None], redactor: Redactor, detail: Detail) -> None:
        self._attempt = attempt
        self._detail = detail
        self._put = put
        self._redactor = redactor
        self._lock = threading.Lock()
        self._count = 0

    def wants(self, record: logging.LogRecord) -> bool:
        """Of libraries, only what they warn of."""
        if record.name == CALLBACKS:
            return self._detail.callbacks
        return record.levelno >= (self._detail.level if record.name.startswith(OWN) else logging.WARNING)

    def write(self, record: logging.LogRecord) -> None:
        message = self._redactor.text(record.getMessage())[:MOST_CHARACTERS]
        with self._lock:
            self._count += 1
            self._put(
                LogLine(
                    attempt=self._attempt,
                    sequence=self._count,
                    emitted_at=datetime.fromtimestamp(record.created, UTC),
                    level=record.levelname,
                    logger=record.name,
                    message=message,
                )
            )


current: ContextVar[ExecutionLog | None] = ContextVar("stepcrew_execution_log", default=None)


class _Divider(logging.Handler):
    """Writes the records of an execution's context into its log."""

    def emit(self, record: logging.LogRecord) -> None:
        log = current.get()
        if log and log.wants(record):
            log.write(record)


_redactor: Redactor | None = None
"""Of the attempt that runs: libraries log from threads that belong to no context."""


def _outside_of_executions(record: logging.LogRecord) -> bool:
    if current.get() is not None or record.levelno < logging.INFO:
        return False
    if _redactor is not None:
        if record.exc_info:
            record.exc_text = _redactor.text(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        record.msg, record.args = _redactor.text(record.getMessage()), ()
    return True


def install() -> None:
    """Once per process, after the handlers of the function's own log exist."""
    root = logging.getLogger()
    if any(isinstance(handler, _Divider) for handler in root.handlers):
        return
    for handler in root.handlers:
        handler.addFilter(_outside_of_executions)
    root.addHandler(_Divider())
    logging.getLogger(OWN).setLevel(logging.DEBUG)  # each execution takes what it wants
    # One warning per model call about approximate token counts says nothing about the crew.
    logging.getLogger("crewai.llms.base_llm").setLevel(logging.ERROR)


@contextmanager
def execution_log(
    attempt: int, put: Callable[[LogLine], None], redactor: Redactor, detail: Detail = USUAL
) -> Generator[None]:
    """While the block runs, what is logged in this context goes into the execution's log. What is logged elsewhere is
    masked with the redactor of the last one that ran."""
    global _redactor
    install()
    token = current.set(ExecutionLog(attempt, put, redactor, detail))
    _redactor = redactor
    try:
        yield
    finally:
        current.reset(token)
