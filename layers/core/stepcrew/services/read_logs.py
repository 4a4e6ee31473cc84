"""Reads a page of an execution's log lines."""

from __future__ import annotations

from typing import NamedTuple

from stepcrew.domain.answer_size import how_many_fit
from stepcrew.domain.trace import LogLine
from stepcrew.services.ports import ExecutionStore, TraceStore


class LogPage(NamedTuple):
    """`position` is (attempt, sequence) of the last line, or the one the page was asked for when it has none."""

    lines: list[LogLine]
    position: tuple[int, int]
    more: bool


def read_logs(
    executions: ExecutionStore,
    traces: TraceStore,
    group_id: str,
    execution_id: str,
    *,
    after: tuple[int, int],
    limit: int,
) -> LogPage:
    """Up to `limit` lines behind the position, as many as fit into one answer. Raises `ExecutionNotFound`."""
    executions.get(group_id, execution_id)
    found = traces.logs(group_id, execution_id, after=after, limit=limit + 1)
    lines = found[: how_many_fit(line.model_dump_json() for line in found[:limit])]
    position = (lines[-1].attempt, lines[-1].sequence) if lines else after
    return LogPage(lines, position, len(found) > len(lines))
