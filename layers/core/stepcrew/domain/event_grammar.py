"""What an event is in the grammar of the trace: a start, an end or a point, and whether it tells of a failure.

Every kind of event comes as `<kind>_started` and ends as `<kind>_completed`, `_failed`, `_interrupted` or `_held`; a
few have words of their own. The API says it with each event, so that no client has to know these words.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from stepcrew.domain.trace import TraceEvent


class Phase(StrEnum):
    """`end` tells that what the event is about is over, also where it never had a start (a skipped task)."""

    START = "start"
    END = "end"
    POINT = "point"


class Grammar(NamedTuple):
    """`kind` is the event's type without its phase (`llm_call`). `pairs_with` is the id (`<attempt>.<sequence>`) of the
    start that an end belongs to."""

    kind: str
    phase: Phase
    failed: bool
    pairs_with: str | None


_STARTS = ("_started", "_requested")
_ENDS = ("_completed", "_failed", "_interrupted", "_held", "_skipped", "_received")
_FAILURES = frozenset({"error", "tool_failure"})


def grammar_of(event: TraceEvent) -> Grammar:
    """`failed` is true for `_failed` ends, for what ended without success (`extra_data.success` is false: a guardrail
    that an answer did not pass), for a tool that reported a failure, and for the error that ended the execution."""
    name = event.event_type
    for endings, phase in ((_STARTS, Phase.START), (_ENDS, Phase.END)):
        ending = next((one for one in endings if name.endswith(one)), None)
        if ending:
            start = event.started_sequence if phase is Phase.END else None
            failed = ending == "_failed" or event.extra_data.get("success") is False
            pair = f"{event.attempt}.{start}" if start is not None else None
            return Grammar(name.removesuffix(ending), phase, failed, pair)
    return Grammar(name, Phase.POINT, name in _FAILURES, None)
