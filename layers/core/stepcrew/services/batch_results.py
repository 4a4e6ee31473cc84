"""What the rows of a batch were given and came to, in their order."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from stepcrew.domain.batch import Batch, BatchRow, RowReference
from stepcrew.domain.errors import BodyExpired
from stepcrew.domain.execution import Status, TaskOutput, crews_answer
from stepcrew.services.batch_ports import BatchInputs, BatchStore
from stepcrew.services.ports import TaskOutputStore


class RowResult(NamedTuple):
    """`inputs` is null when they have expired; `answer` is the crew's own, null where the row did not complete. A large
    one stays in the bucket (`raw_reference`)."""

    row: BatchRow
    inputs: dict[str, Any] | None
    answer: TaskOutput | None


class BatchResults:
    def __init__(self, batches: BatchStore, inputs: BatchInputs, tasks: TaskOutputStore) -> None:
        self._batches = batches
        self._inputs = inputs
        self._tasks = tasks

    def __call__(self, group_id: str, batch_id: str, *, after: int, limit: int) -> list[RowResult]:
        """Up to `limit` rows that have ended, behind the row `after`. Raises `BatchNotFound`."""
        batch = self._batches.get(group_id, batch_id)
        rows = self._ended(batch, after, limit)
        inputs = self._inputs_of(batch, rows)
        return [RowResult(row, inputs.get(row.row), self._answer(batch, row)) for row in rows]

    def _ended(self, batch: Batch, after: int, limit: int) -> list[BatchRow]:
        """Those that run now are left out: a page of them alone would look like the end."""
        found: list[BatchRow] = []
        while len(found) < limit:
            page = self._batches.rows(batch.group_id, batch.batch_id, after=after, limit=limit)
            found += [row for row in page if row.status.is_terminal]
            if len(page) < limit:
                break
            after = page[-1].row
        return found[:limit]

    def _inputs_of(self, batch: Batch, rows: list[BatchRow]) -> dict[int, dict[str, Any]]:
        if not rows:
            return {}
        try:
            places = {place.row: place for place in self._inputs.rows(batch.group_id, batch.batch_id)}
            first, last = places[rows[0].row], places[rows[-1].row]
            whole = self._inputs.read(RowReference(*first[:4], first.first, last.last))
        except BodyExpired:
            return {}
        return {
            row.row: json.loads(whole[places[row.row].first - first.first : places[row.row].last - first.first + 1])
            for row in rows
        }

    def _answer(self, batch: Batch, row: BatchRow) -> TaskOutput | None:
        if row.status is not Status.COMPLETED or row.execution_id is None:
            return None
        return crews_answer(self._tasks.task_outputs(batch.group_id, row.execution_id, whole=False))
