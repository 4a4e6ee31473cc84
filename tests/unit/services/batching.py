"""Batches over an emulated AWS. The state machine is played by the test: it asks for rows and waits for tokens."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

from tests.aws_table import BUCKET, GROUP, NOW, Aws, submission
from tests.fakes.batch_machine import FakeBatchMachine
from tests.unit.services.triggering import TABLE
from tests.unit.services.triggering import Harness as TriggerHarness

from stepcrew.aws.batch_inputs import BucketBatchInputs
from stepcrew.aws.crew_batches import TableBatches
from stepcrew.domain.batch import Batch
from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.execution import Execution, Status, Usage
from stepcrew.services.cancel_execution import CancelExecution
from stepcrew.services.change_batch import CancelBatch, RetryBatch
from stepcrew.services.create_batch import BatchSubmission, CreateBatch
from stepcrew.services.end_batch import EndBatch
from stepcrew.services.end_row import EndRow
from stepcrew.services.reconcile_batch import ReconcileBatch
from stepcrew.services.run_row import RunRow
from stepcrew.services.store_crew import save_version
from stepcrew.services.sweep_executions import Patience
from stepcrew.services.wake_machine import WakeMachine


class Harness(TriggerHarness):
    def __init__(self, aws: Aws) -> None:
        super().__init__(aws)
        self.machine, clock = FakeBatchMachine(), self.clock
        self.batches, self.inputs_of_batches = (
            TableBatches(aws.clients, TABLE, 30),
            BucketBatchInputs(aws.clients, BUCKET),
        )
        batches, inputs, machine = self.batches, self.inputs_of_batches, self.machine
        ids = iter(f"b-{number:04d}" for number in range(100))
        cancel = CancelExecution(aws.executions, WakeMachine(aws.approvals, self.orchestrator), clock)
        self.end_row = EndRow(batches, machine, clock)
        self.create = CreateBatch(
            batches, inputs, machine, self.submit, aws.executions, self.limits, clock, lambda: next(ids)
        )
        self.run_row = RunRow(batches, inputs, machine, aws.executions, self.submit, cancel, self.end_row, clock)
        self.end_batch = EndBatch(batches, machine, aws.executions, cancel, self.end_row, clock)
        self.cancel_batch = CancelBatch(batches, cancel, clock)
        self.retry_batch = RetryBatch(batches, inputs, machine, clock)
        patience = Patience(timedelta(minutes=1), timedelta(minutes=2))
        self.reconcile_batch = ReconcileBatch(batches, machine, self.end_batch, clock, patience)

    def store_bare_crew(self) -> str:
        """One without inputs of its own."""
        bare = submission().model_copy(update={"inputs": {}})
        save_version(self.aws.crews, GROUP, "bare", bare, saved_by="ada", now=NOW)
        return "bare"

    def batch(self, rows: int = 3, inputs: list[Any] | None = None, **changes: Any) -> Batch:
        given = [{"topic": f"topic {number}"} for number in range(1, rows + 1)] if inputs is None else inputs
        asked: dict[str, Any] = {"group_id": GROUP, "submitted_by": "ada", "crew": "haiku", "rows": given, **changes}
        return self.create(BatchSubmission(**asked)).batch

    def now(self, batch: Batch) -> Batch:
        return self.batches.get(GROUP, batch.batch_id)

    def run(self, batch: Batch, row: int, token: str = "") -> None:
        """What the state machine of the batch's round asks for one row."""
        number = self.now(batch).round
        place = next(one for one in self.inputs_of_batches.rows(GROUP, batch.batch_id) if one.row == row)
        self.run_row(place._replace(round=number), token or f"token-{row}-{number}")

    def execution_of(self, batch: Batch, row: int) -> Execution:
        found = self.batches.row(GROUP, batch.batch_id, row)
        assert found
        assert found.execution_id
        return self.aws.executions.get(GROUP, found.execution_id)

    def finish(self, execution: Execution, status: Status = Status.COMPLETED, usage: Usage | None = None) -> Execution:
        """The execution ends; nobody is told yet."""
        given = self.aws.executions.get(GROUP, execution.execution_id)
        if given.status.is_terminal:
            return given
        if given.queued_at is None:
            given = self.aws.executions.begin_attempt(GROUP, execution.execution_id, self.clock.now())
        error = ExecutionError(category=Category.CREW, type="Broken", message="It broke.")
        return self.aws.executions.finish(
            given,
            status,
            message="",
            now=self.clock.now(),
            usage=usage or Usage(model_calls=1, total_tokens=10, cost_usd=Decimal("0.01")),
            error=error if status is Status.FAILED else None,
            traces_emitted=0,
            fenced=False,
        )

    def end(self, batch: Batch, row: int, status: Status = Status.COMPLETED, usage: Usage | None = None) -> Execution:
        """The execution of a row ends, and the announcer hears of it."""
        ended = self.finish(self.execution_of(batch, row), status, usage)
        self.end_row.of_execution(ended)
        return ended

    def adds_up(self, batch: Batch) -> Batch:
        """The batch as it is now; its counts are those of its rows."""
        current, rows = self.now(batch), self.batches.rows(GROUP, batch.batch_id)
        counted = Counter(row.status.lower() for row in rows)
        assert current.counts.model_dump() == {name: counted[name] for name in current.counts.model_dump()}
        assert current.not_begun == current.total - len(rows) >= 0
        return current
