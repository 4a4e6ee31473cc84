"""Where the time of an execution went, from the trace's pairs and the execution's own times."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from stepcrew_cli.wire import Execution, TraceEvent

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class TimeBreakdown:
    """Seconds of wall time; the five parts add up to `total`. Work in parallel counts once.

    `waiting` is from submission to the first attempt's start; `model` while a model call was open; `tools` while only a
    tool ran; `people` while a person was waited for; `platform` the rest (starting the crew, building prompts,
    checkpoints, pauses between attempts).
    """

    total: float
    waiting: float
    model: float
    tools: float
    people: float
    platform: float


def time_breakdown(execution: Execution, events: Iterable[TraceEvent], now: datetime) -> TimeBreakdown:
    """Until the execution's end, or `now` while it is open."""
    end = execution.ended_at or now
    start = min(execution.started_at or end, end)
    model_spans: list[Span] = []
    tool_spans: list[Span] = []
    people_spans: list[Span] = []
    for event in events:
        if event.duration_ms is None or event.event_source not in {"llm", "tool", "human"}:
            continue
        began = max(event.emitted_at - timedelta(milliseconds=event.duration_ms), start)
        span = (began, min(event.emitted_at, end))
        {"llm": model_spans, "tool": tool_spans, "human": people_spans}[event.event_source].append(span)
    model = _covered(model_spans)
    work = _covered([*model_spans, *tool_spans])
    people = _covered([*model_spans, *tool_spans, *people_spans]) - work
    total = max(0.0, (end - execution.created_at).total_seconds())
    waiting = max(0.0, (start - execution.created_at).total_seconds())
    return TimeBreakdown(total, waiting, model, work - model, people, max(0.0, total - waiting - work - people))


def _covered(spans: list[Span]) -> float:
    """Seconds covered by at least one span."""
    covered = 0.0
    reached: datetime | None = None
    for began, ended in sorted(spans):
        fresh = began if reached is None else max(began, reached)
        if ended > fresh:
            covered += (ended - fresh).total_seconds()
            reached = ended
    return covered
