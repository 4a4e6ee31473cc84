"""The reconciler's use cases over an emulated table, a state machine that only remembers, and a clock that is told."""

from __future__ import annotations

from datetime import datetime, timedelta

from tests.aws_table import BUCKET, GROUP, ID, NOW, RETENTION_DAYS, TABLE, Aws, execution, submission
from tests.fakes.batch_machine import FakeBatchMachine
from tests.fakes.orchestrator import FakeOrchestrator

from stepcrew.aws.crew_batches import TableBatches
from stepcrew.aws.erasures import StoredRemains, TableErasures
from stepcrew.aws.limits import TableLimits
from stepcrew.aws.listing import TableListing
from stepcrew.aws.sweeps import TableSweeps
from stepcrew.aws.vector_bucket import VectorBucket
from stepcrew.domain.approval import Approval, ApprovalKind, DecisionKind
from stepcrew.domain.execution import Execution, Progress, Usage
from stepcrew.domain.limits import LimitRules
from stepcrew.services.cancel_execution import CancelExecution
from stepcrew.services.decide_approval import DecideApproval
from stepcrew.services.end_batch import EndBatch
from stepcrew.services.end_row import EndRow
from stepcrew.services.erase_data import ContinueErasures
from stepcrew.services.fill_slots import FillSlots
from stepcrew.services.keep_token import KeepToken
from stepcrew.services.reconcile_batch import ReconcileBatch
from stepcrew.services.reconcile_execution import ReconcileExecution
from stepcrew.services.record_failure import RecordFailure
from stepcrew.services.sweep_executions import Patience, SweepExecutions
from stepcrew.services.wake_machine import WakeMachine

LOST, SILENT, OVERDUE = timedelta(seconds=60), timedelta(seconds=120), timedelta(seconds=600)


class MovableClock:
    def __init__(self, now: datetime = NOW) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time


class Harness:
    """What `stepcrew_reconciler.wiring` puts together, over fakes."""

    def __init__(self, aws: Aws, orchestrator: FakeOrchestrator, clock: MovableClock) -> None:
        self.clock, self.sweeps = clock, TableSweeps(aws.clients, TABLE)
        wake = WakeMachine(aws.approvals, orchestrator)
        limits = TableLimits(aws.clients, TABLE, LimitRules())
        self.fill_slots = FillSlots(aws.slots, limits, orchestrator, wake, clock)
        self.record_failure = RecordFailure(aws.executions, aws.traces, clock)
        self.keep_token = KeepToken(aws.approvals, orchestrator)
        self.decide_approval = DecideApproval(aws.executions, aws.approvals, limits, self.fill_slots, clock)
        self.reconcile = ReconcileExecution(
            *(aws.executions, orchestrator, self.decide_approval, wake, self.record_failure),
            *(self.fill_slots, clock, OVERDUE, RETENTION_DAYS),
        )
        self.batches, self.batch_machine = TableBatches(aws.clients, TABLE, RETENTION_DAYS), FakeBatchMachine()
        end_row = EndRow(self.batches, self.batch_machine, clock)
        cancel = CancelExecution(aws.executions, wake, clock)
        end_batch = EndBatch(self.batches, self.batch_machine, aws.executions, cancel, end_row, clock)
        patience = Patience(LOST, SILENT)
        self.reconcile_batch = ReconcileBatch(self.batches, self.batch_machine, end_batch, clock, patience)
        self.sweep = SweepExecutions(aws.executions, self.reconcile, clock, patience, RETENTION_DAYS)
        self.erasures_kept = TableErasures(aws.clients, TABLE)
        remains, listing = (
            StoredRemains(aws.clients, TABLE, BUCKET, BUCKET, VectorBucket(aws.clients, "")),
            TableListing(aws.clients, TABLE),
        )
        self.erasures = ContinueErasures(
            self.erasures_kept, aws.executions, listing, self.batches, cancel, remains, clock
        )


def harness(aws: Aws, orchestrator: FakeOrchestrator, clock: MovableClock) -> Harness:
    return Harness(aws, orchestrator, clock)


def submitted(aws: Aws, execution_id: str = ID) -> Execution:
    """A PENDING execution, an hour before its deadline."""
    aws.executions.create(execution(execution_id), submission(), None)
    return aws.executions.get(GROUP, execution_id)


def park(aws: Aws, *, seconds: float = 3600, on_timeout: DecisionKind = DecisionKind.REJECT) -> Execution:
    """Lets the execution wait for a person's word about an answer."""
    running = aws.executions.begin_attempt(GROUP, ID, NOW)
    approval = Approval(
        execution_id=ID,
        group_id=GROUP,
        number=1,
        kind=ApprovalKind.ANSWER,
        execution_name=running.name,
        question="Is this right?",
        task_name="haiku",
        output="Rain.",
        on_timeout=on_timeout,
        requested_at=NOW,
        expires_at=NOW + timedelta(seconds=seconds),
        attempt=running.attempt,
    )
    return aws.approvals.park(
        running, approval, progress=Progress(tasks_total=1), usage=Usage(), traces_emitted=3, now=NOW
    )
