"""A page of the trace, gapless and in order, and whether anything is missing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from stepcrew.domain.answer_size import how_many_fit
from stepcrew.domain.execution import Execution
from stepcrew.domain.exporting import TracePart
from stepcrew.domain.trace import Gap, RecordedRange, TraceEvent
from stepcrew.services.ports import ExecutionStore, TraceStore

AT_ONCE = 1_000
"""Events of one page of a whole trace."""
SAID_OF_EACH = "x" * 300
"""As long as what the API adds to an event: its id, its grammar, the address of its body."""


class TracePage(NamedTuple):
    execution: Execution
    events: list[TraceEvent]
    position: tuple[int, int]
    more: bool
    gaps: list[Gap]


def emitted(execution: Execution) -> int | None:
    """How many events the runner emitted over all attempts; None while an attempt has not said (it runs, or died)."""
    attempts = {str(number) for number in range(1, execution.attempt + 1)}
    if not attempts <= execution.traces_emitted.keys():
        return None
    return sum(execution.traces_emitted.values())


def recorded(execution: Execution) -> int:
    return sum(execution.traces_recorded.values())


def is_complete(execution: Execution) -> bool:
    """The execution has ended and every event it emitted is recorded."""
    return execution.status.is_terminal and emitted(execution) == recorded(execution)


def gaps_of(execution: Execution, ranges: list[RecordedRange]) -> list[Gap]:
    """What lies between the recorded ranges, and behind the last one up to what was emitted."""
    gaps: list[Gap] = []
    begun = range(1, execution.attempt + 1)  # one that died at once left neither a count nor a batch
    attempts = sorted({*begun, *map(int, execution.traces_emitted), *(one.attempt for one in ranges)})
    for attempt in attempts:
        expected = 1
        for one in ranges:
            if one.attempt == attempt:
                if one.first > expected:
                    gaps.append(Gap(attempt=attempt, first=expected, last=one.first - 1))
                expected = max(expected, one.last + 1)
        last = execution.traces_emitted.get(str(attempt))
        if last is not None and last >= expected:
            gaps.append(Gap(attempt=attempt, first=expected, last=last))
        elif last is None and execution.status.is_terminal:
            gaps.append(Gap(attempt=attempt, first=expected, last=None))  # it died without saying how many there were
    return gaps


def recorded_events(
    traces: TraceStore, group_id: str, execution_id: str, part: TracePart | None = None
) -> Iterator[TraceEvent]:
    """All that are recorded by now, or those of a part, in order; they are read page by page."""
    after = (part.attempt, part.first - 1) if part else (0, 0)
    last = (part.attempt, part.last) if part else None
    while True:
        most = min(AT_ONCE, part.last - after[1]) if part else AT_ONCE
        page = traces.events(group_id, execution_id, after=after, limit=most)
        for event in page:
            after = (event.attempt, event.sequence)
            if last and after > last:
                return
            yield event
        if len(page) < most or after == last:
            return


def _shown(event: TraceEvent) -> str:
    return SAID_OF_EACH + event.model_dump_json()


class ReadTrace:
    def __init__(self, executions: ExecutionStore, traces: TraceStore) -> None:
        self._executions = executions
        self._traces = traces

    def __call__(self, group_id: str, execution_id: str, *, after: tuple[int, int], limit: int) -> TracePage:
        """The record is read before the events: an execution said to be complete has all its events in reach."""
        execution = self._executions.get(group_id, execution_id)
        found = self._traces.events(group_id, execution_id, after=after, limit=limit + 1)
        events = found[: how_many_fit(_shown(event) for event in found[:limit])]
        position = (events[-1].attempt, events[-1].sequence) if events else after
        gaps: list[Gap] = []
        if not is_complete(execution):
            ranges = self._traces.recorded_ranges(group_id, execution_id)
            gaps = gaps_of(execution, ranges) if ranges or execution.status.is_terminal else []
        return TracePage(execution, events, position, len(found) > len(events), gaps)
