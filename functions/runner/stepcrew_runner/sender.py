"""Ships trace events and log lines while the crew works: the crew's own threads only append to a list."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.trace import LogLine, TraceEvent
from stepcrew_runner.addresses import trusted

BATCH_EVENTS = 100
BATCH_BYTES = 900_000
LINGER_SECONDS = 1.0
FIRST_LINGER_SECONDS = 0.05
MOST_WAITING = 5_000
SEND_TRIES = 8

Send = Callable[[list[TraceEvent], list[LogLine]], None]


class TraceSender:
    """One thread. A batch goes out after a second or 100 events, whichever is first; the very first one at once, so
    that a reader sees the start. When the queue does not keep up, `put` waits: no event is ever dropped.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._events: list[TraceEvent] = []
        self._logs: list[LogLine] = []
        self._changed = threading.Condition()
        self._closing = False
        self._failure: Exception | None = None
        self._linger = FIRST_LINGER_SECONDS
        self._thread = threading.Thread(target=self._run, name="trace-sender", daemon=True)
        self._thread.start()

    def put(self, event: TraceEvent) -> None:
        with self._changed:
            while len(self._events) >= MOST_WAITING and self._failure is None:
                self._changed.wait(1)
            self._events.append(event)
            if len(self._events) in (1, BATCH_EVENTS):
                self._changed.notify_all()

    def put_log(self, line: LogLine) -> None:
        with self._changed:
            self._logs.append(line)
            if len(self._logs) == 1:
                self._changed.notify_all()

    def close(self) -> None:
        """Returns when everything is acknowledged. Raises what made sending impossible."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        if self._failure:
            raise self._failure

    def _run(self) -> None:
        with trusted():
            self._loop()

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._events or self._logs or self._closing))
                if not self._closing and len(self._events) < BATCH_EVENTS:
                    self._changed.wait_for(
                        lambda: self._closing or len(self._events) >= BATCH_EVENTS, timeout=self._linger
                    )
                events, logs = self._take()
                done = self._closing and not events and not logs
                self._changed.notify_all()
            if done:
                return
            self._linger = LINGER_SECONDS
            try:
                self._ship(events, logs)
            except Exception as error:  # noqa: BLE001 - the thread's boundary: `close` raises it in the attempt
                with self._changed:
                    self._failure = error
                    self._changed.notify_all()
                return

    def _take(self) -> tuple[list[TraceEvent], list[LogLine]]:
        events, size = list[TraceEvent](), 0
        while self._events and len(events) < BATCH_EVENTS:
            size += _bytes(self._events[0])
            if events and size > BATCH_BYTES:
                break
            events.append(self._events.pop(0))
        logs = self._logs[:BATCH_EVENTS] if size < BATCH_BYTES // 2 else []
        del self._logs[: len(logs)]
        return events, logs

    def _ship(self, events: list[TraceEvent], logs: list[LogLine]) -> None:
        for attempt in range(SEND_TRIES):
            try:
                self._send(events, logs)
                return
            except PlatformUnavailable:
                if attempt == SEND_TRIES - 1:
                    raise
                time.sleep(min(5.0, 0.1 * 2**attempt))


def _bytes(event: TraceEvent) -> int:
    """How much of a message the event takes."""
    return len(event.__pydantic_serializer__.to_json(event))
