"""W3C trace context: which trace of a caller an execution belongs to, and what is passed on.

Source: https://www.w3.org/TR/trace-context/#traceparent-header
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from stepcrew.domain.canonical import digest

if TYPE_CHECKING:
    from stepcrew.domain.execution import Execution

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = "01"


def traceparent_in(given: object) -> str | None:
    """The caller's traceparent in the form of version 00; None where there is none or it is not one. One that cannot be
    read must be treated as if it had not been sent ("4.3 Mutating the traceparent Field"), so it is no fault."""
    found = _TRACEPARENT.fullmatch(given.strip()) if isinstance(given, str) else None
    if found is None:
        return None
    version, trace_id, parent_id, flags, more = found.groups()
    if version == "ff" or not trace_id.strip("0") or not parent_id.strip("0") or (version == "00" and more):
        return None
    return f"00-{trace_id}-{parent_id}-{flags}"


def trace_id_of(execution: Execution) -> str:
    """The caller's, or one of the execution's own that is always the same."""
    given = execution.traceparent
    return given.split("-")[1] if given else _digest(execution, "trace")[:32]


def parent_of(execution: Execution) -> str | None:
    """The caller's span; None without a caller's trace."""
    return execution.traceparent.split("-")[2] if execution.traceparent else None


def span_id_of(execution: Execution, place: str = "execution") -> str:
    """Of the execution's own span, or of the event at this place."""
    return _digest(execution, place)[:16]


def passed_on(execution: Execution) -> str:
    """The traceparent of whatever the execution causes: its own span is the parent."""
    flags = execution.traceparent.split("-")[3] if execution.traceparent else _SAMPLED
    return f"00-{trace_id_of(execution)}-{span_id_of(execution)}-{flags}"


def _digest(execution: Execution, place: str) -> str:
    return digest(f"{execution.group_id}\n{execution.execution_id}\n{place}")
