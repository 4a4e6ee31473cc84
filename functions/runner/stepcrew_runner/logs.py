"""The execution's log: what our own code and CrewAI say while it runs, as ordered lines without secrets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime

from stepcrew.domain.trace import LogLine
from stepcrew_runner.redaction import Redactor

LOGGERS = {"stepcrew_runner": logging.INFO, "crewai": logging.WARNING, "crewai_tools": logging.WARNING}
MOST_CHARACTERS = 4_000
# One warning per model call about approximate token counts says nothing about the crew.
logging.getLogger("crewai.llms.base_llm").setLevel(logging.ERROR)


class ExecutionLog(logging.Handler):
    """Numbers the lines and hands them on."""

    def __init__(self, attempt: int, put: Callable[[LogLine], None], redactor: Redactor) -> None:
        super().__init__()
        self._attempt = attempt
        self._put_line = put
        self._redactor = redactor
        self._numbers = threading.Lock()
        self._count = 0

    def emit(self, record: logging.LogRecord) -> None:
        message = self._redactor.text(record.getMessage())[:MOST_CHARACTERS]
        with self._numbers:
            self._count += 1
            self._put_line(
                LogLine(
                    attempt=self._attempt,
                    sequence=self._count,
                    emitted_at=datetime.fromtimestamp(record.created, UTC),
                    level=record.levelname,
                    logger=record.name,
                    message=message,
                )
            )


@contextmanager
def execution_log(attempt: int, put: Callable[[LogLine], None], redactor: Redactor) -> Generator[None]:
    """While the block runs, the loggers of `LOGGERS` write into the execution's log."""
    handler = ExecutionLog(attempt, put, redactor)
    before = {name: logging.getLogger(name).level for name in LOGGERS}
    for name, level in LOGGERS.items():
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).addHandler(handler)
    try:
        yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).removeHandler(handler)
            logging.getLogger(name).setLevel(level)
