"""Trace events on their way out: in order, in batches, and none lost."""

from __future__ import annotations

import threading
from collections.abc import Generator
from datetime import UTC, datetime
from typing import Any

import pytest

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.trace import EventSource, LogLine, TraceEvent
from stepcrew_runner.trace import sender as sending
from stepcrew_runner.trace.sender import TraceSender
from tests.until import until


class Outlet:
    """Takes batches; `gate` holds them up while it is closed. Fails as often as `outages` says."""

    def __init__(self) -> None:
        self.batches: list[list[TraceEvent]] = []
        self.logs: list[LogLine] = []
        self.gate = threading.Event()
        self.gate.set()
        self.outages = 0
        self.fault: Exception = PlatformUnavailable("The queue did not answer.")
        self.tries = 0

    def send(self, events: list[TraceEvent], logs: list[LogLine]) -> None:
        self.gate.wait(20)
        self.tries += 1
        if self.outages:
            self.outages -= 1
            raise self.fault
        if events:
            self.batches.append(events)
        self.logs += logs

    @property
    def sequences(self) -> list[int]:
        return [event.sequence for batch in self.batches for event in batch]


def event(sequence: int, output: Any = None) -> TraceEvent:
    return TraceEvent(
        execution_id="execution",
        group_id="group",
        attempt=1,
        sequence=sequence,
        emitted_at=datetime.now(UTC),
        event_type="llm_call_started",
        event_source=EventSource.LLM,
        output=output,
    )


def line(sequence: int, message: str = "") -> LogLine:
    now = datetime.now(UTC)
    return LogLine(attempt=1, sequence=sequence, emitted_at=now, level="INFO", logger="crew", message=message)


@pytest.fixture
def outlet() -> Generator[Outlet]:
    made = Outlet()
    yield made
    made.gate.set()


def test_everything_put_is_sent_once_and_in_order(outlet: Outlet) -> None:
    sender = TraceSender(outlet.send)
    for sequence in range(1, 1001):
        sender.put(event(sequence))
    sender.close()
    assert outlet.sequences == list(range(1, 1001))
    assert max(len(batch) for batch in outlet.batches) <= sending.BATCH_EVENTS


def test_the_first_event_does_not_wait_for_company(outlet: Outlet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "LINGER_SECONDS", 3600)
    sender = TraceSender(outlet.send)
    sender.put(event(1))
    until(lambda: outlet.sequences == [1])
    sender.close()


def test_later_events_leave_though_no_more_come(outlet: Outlet) -> None:
    sender = TraceSender(outlet.send)
    for number in (1, 2):
        sender.put(event(number))
        until(lambda number=number: outlet.sequences == [*range(1, number + 1)])
    sender.close()


def test_a_message_holds_less_than_the_queue_takes(outlet: Outlet) -> None:
    sender = TraceSender(outlet.send)
    outlet.gate.clear()
    for sequence in range(1, 41):
        sender.put(event(sequence, "ü" * 50_000))
    outlet.gate.set()
    sender.close()
    assert outlet.sequences == list(range(1, 41))
    assert all(sending.size(batch) <= sending.BATCH_BYTES for batch in outlet.batches)


def test_many_long_log_lines_are_divided_too(outlet: Outlet) -> None:
    sender = TraceSender(outlet.send)
    outlet.gate.clear()
    for sequence in range(1, 1001):
        sender.put_log(line(sequence, "ü" * 4_000))
    outlet.gate.set()
    sender.close()
    assert [one.sequence for one in outlet.logs] == list(range(1, 1001))


def test_bodies_are_lightened_before_a_batch_is_measured(outlet: Outlet) -> None:
    def lighten(events: list[TraceEvent]) -> list[TraceEvent]:
        return [one.model_copy(update={"output": None}) for one in events]

    sender = TraceSender(outlet.send, lighten)
    sender.put(event(1, "x" * 2_000_000))
    sender.close()
    assert [one.output for batch in outlet.batches for one in batch] == [None]


def test_an_outage_is_bridged_without_gaps_or_repeats(outlet: Outlet) -> None:
    outlet.outages = 3
    sender = TraceSender(outlet.send)
    for sequence in range(1, 151):
        sender.put(event(sequence))
    sender.close()
    assert outlet.sequences == list(range(1, 151))


def test_an_outage_that_lasts_is_raised_when_it_is_closed(outlet: Outlet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PATIENCE", sending.PATIENCE._replace(tries=2))
    outlet.outages = 99
    sender = TraceSender(outlet.send)
    sender.put(event(1))
    with pytest.raises(PlatformUnavailable):
        sender.close()
    assert outlet.tries == 2


def test_a_fault_that_no_repeat_helps_is_not_repeated(outlet: Outlet) -> None:
    outlet.outages, outlet.fault = 1, ValueError("not a batch")
    sender = TraceSender(outlet.send)
    sender.put(event(1))
    with pytest.raises(ValueError, match="not a batch"):
        sender.close()
    assert outlet.tries == 1


@pytest.mark.parametrize(("limit", "output"), [("MOST_WAITING", None), ("MOST_CHARACTERS_WAITING", "x" * 10)])
def test_a_queue_that_is_too_slow_slows_the_crew_down(
    outlet: Outlet, monkeypatch: pytest.MonkeyPatch, limit: str, output: str | None
) -> None:
    monkeypatch.setattr(sending, limit, 20)
    outlet.gate.clear()
    sender = TraceSender(outlet.send)
    put = list[int]()

    def crew() -> None:
        for sequence in range(1, 201):
            sender.put(event(sequence, output))
            put.append(sequence)

    thread = threading.Thread(target=crew)
    thread.start()
    until(lambda: bool(put))
    thread.join(0.3)
    assert len(put) < 150
    outlet.gate.set()
    thread.join(10)
    sender.close()
    assert outlet.sequences == list(range(1, 201))


def test_a_crew_is_not_held_up_by_a_sender_that_failed(outlet: Outlet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "MOST_WAITING", 5)
    outlet.outages, outlet.fault = 1, ValueError("not a batch")
    sender = TraceSender(outlet.send)
    for sequence in range(1, 101):
        sender.put(event(sequence))
    with pytest.raises(ValueError, match="not a batch"):
        sender.close()
