"""Ships trace events and log lines while the crew works: the crew's own threads only append to a list."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

from stepcrew.domain.metering import Metered
from stepcrew.domain.proof import Chain
from stepcrew.domain.retrying import Patience, until_available
from stepcrew.domain.trace import LogLine, TraceEvent
from stepcrew_runner.isolation.addresses import trusted

BATCH_EVENTS = 100
BATCH_BYTES = 900_000
LINGER_SECONDS = 1.0
FIRST_LINGER_SECONDS = 0.05
MOST_WAITING = 5_000
MOST_CHARACTERS_WAITING = 64_000_000
PATIENCE = Patience(tries=8, first=0.1, longest=5.0)
_HEAD_BYTES = 150
"""Of a message, beside its items."""
_REQUEST_BYTES = 65_536
"""Of a message that are billed as one request (https://aws.amazon.com/sqs/pricing/)."""
_KEYS_BYTES = 180
"""Of a stored item, beside its document."""
_UNIT_BYTES = 1024
"""That one write request unit stores."""

Send = Callable[[list[TraceEvent], list[LogLine]], None]
Lighten = Callable[[list[TraceEvent]], list[TraceEvent]]
Item = TypeVar("Item", TraceEvent, LogLine)
Answer = TypeVar("Answer")


class TraceSender:
    """Sends trace events in a thread of its own. A batch goes out after a second or 100 events, whichever is first; the
    very first one at once, so that a reader sees the start. When the queue does not keep up, `put` waits: no event is
    ever dropped.

    `lighten` moves large bodies elsewhere before a batch is measured and sent. It and `send` may be repeated.
    """

    def __init__(self, send: Send, lighten: Lighten = lambda events: events) -> None:
        self._send = send
        self._lighten = lighten
        self._events: deque[tuple[TraceEvent, int]] = deque()
        self._characters = 0
        self._logs: deque[LogLine] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self.chain = Chain()
        """Of the events that were sent, in the form in which they are stored."""
        self.metered = Metered()
        """What was sent, and what storing it takes."""
        self._failure: Exception | None = None
        self._linger = FIRST_LINGER_SECONDS
        self._thread = threading.Thread(target=self._run, name="trace-sender", daemon=True)
        self._thread.start()

    def put(self, event: TraceEvent) -> None:
        weight = characters(event.output)
        with self._changed:
            while self._is_full() and self._failure is None:
                self._changed.wait(1)
            self._events.append((event, weight))
            self._characters += weight
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

    def _is_full(self) -> bool:
        return len(self._events) >= MOST_WAITING or self._characters >= MOST_CHARACTERS_WAITING

    def _run(self) -> None:
        with trusted():
            try:
                self._loop()
            except Exception as error:  # noqa: BLE001 - the thread's boundary: `close` raises it in the attempt
                with self._changed:
                    self._failure = error
                    self._changed.notify_all()

    def _loop(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._events or self._logs or self._closing))
                self._changed.wait_for(
                    lambda: self._closing or len(self._events) >= BATCH_EVENTS or self._is_full(), timeout=self._linger
                )
                events, logs = self._take()
                done = self._closing and not events and not logs
                self._changed.notify_all()
            if done:
                return
            self._linger = LINGER_SECONDS
            self._ship(events, logs)

    def _take(self) -> tuple[list[TraceEvent], list[LogLine]]:
        taken = [self._events.popleft() for _ in range(min(BATCH_EVENTS, len(self._events)))]
        self._characters -= sum(weight for _, weight in taken)
        logs = [self._logs.popleft() for _ in range(min(BATCH_EVENTS, len(self._logs)))]
        return [event for event, _ in taken], logs

    def _linked(self, event: TraceEvent) -> TraceEvent:
        linked = self.chain.following(event)
        self.chain.accept(linked)
        return linked

    def _ship(self, events: list[TraceEvent], logs: list[LogLine]) -> None:
        light = [self._linked(event) for event in until_available(lambda: self._lighten(events), PATIENCE)]
        batches, lines = list(_parts(light)), list(_parts(logs))
        if len(batches) <= 1 and len(lines) <= 1 and sum(part.bytes for part in batches + lines) <= BATCH_BYTES:
            self._send_one(light, logs, *batches, *lines)
            return
        for batch in batches:
            self._send_one(batch.items, [], batch)
        for part in lines:
            self._send_one([], part.items, part)

    def _send_one(self, events: list[TraceEvent], logs: list[LogLine], *parts: _Part[Any]) -> None:
        until_available(lambda: self._send(events, logs), PATIENCE)
        requests = math.ceil((_HEAD_BYTES + sum(part.bytes for part in parts)) / _REQUEST_BYTES)
        units = sum(part.units for part in parts)
        self.metered = self.metered.plus(Metered(messages=1, message_requests=requests, stored_units=units))


@dataclass
class _Part(Generic[Item]):
    """Items that go into one message: their bytes there, and the table's units to store each."""

    items: list[Item] = field(default_factory=list[Item])
    bytes: int = 0
    units: int = 0


def _parts(items: Sequence[Item]) -> Iterator[_Part[Item]]:
    """Consecutive items, each part small enough for one message."""
    part = _Part[Item]()
    for item in items:
        needed = size([item])
        if part.items and part.bytes + needed > BATCH_BYTES:
            yield part
            part = _Part[Item]()
        part.items.append(item)
        part.bytes += needed
        part.units += math.ceil((_KEYS_BYTES + needed) / _UNIT_BYTES)
    if part.items:
        yield part


def size(items: Sequence[TraceEvent | LogLine]) -> int:
    """How many bytes the items take in a message."""
    return sum(len(item.__pydantic_serializer__.to_json(item)) + 1 for item in items)


def characters(value: Any) -> int:
    """About how much memory a body takes."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        return sum(characters(entry) for entry in cast("list[Any]", value))
    if isinstance(value, dict):
        return sum(characters(entry) for entry in cast("dict[str, Any]", value).values())
    return 8
