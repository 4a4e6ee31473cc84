"""Puts the reconciler together once per process."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache

from stepcrew.aws.approvals import TableApprovals
from stepcrew.aws.clients import Clients
from stepcrew.aws.executions import TableExecutions
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.state_machine import StateMachine
from stepcrew.aws.sweeps import TableSweeps
from stepcrew.aws.traces import TableTraces
from stepcrew.clock import SystemClock
from stepcrew.services.decide_approval import DecideApproval
from stepcrew.services.keep_token import KeepToken
from stepcrew.services.reconcile_batch import ReconcileBatch
from stepcrew.services.reconcile_execution import ReconcileExecution
from stepcrew.services.record_failure import RecordFailure
from stepcrew.services.sweep_executions import Patience, SweepExecutions
from stepcrew.services.wake_machine import WakeMachine
from stepcrew.settings import settings
from stepcrew.wiring import batch_parts, continue_erasures, end_batch, fill_slots, group_limits


class Reconciler:
    """The use cases over one set of adapters."""

    def __init__(self) -> None:
        configured, clients, clock = settings(), Clients(), SystemClock()
        table, days = configured.table_name, configured.retention_days
        payloads = BucketPayloads(clients, configured.bucket_name)
        executions = TableExecutions(clients, table, payloads, days)
        approvals = TableApprovals(clients, table, payloads, days)
        orchestrator = StateMachine(clients, configured.state_machine_arn)
        wake = WakeMachine(approvals, orchestrator)
        slots = fill_slots(configured, clients)
        patience = Patience(
            lost=timedelta(seconds=configured.sweep_lost_seconds),
            silent=timedelta(seconds=configured.sweep_silent_seconds),
        )
        self.clock, self.sweeps = clock, TableSweeps(clients, table)
        overdue = timedelta(seconds=configured.sweep_overdue_seconds)
        self.record_failure = RecordFailure(executions, TableTraces(clients, table, days), clock)
        self.keep_token = KeepToken(approvals, orchestrator)
        self.decide_approval = DecideApproval(executions, approvals, group_limits(configured, clients), slots, clock)
        self.reconcile = ReconcileExecution(
            executions, orchestrator, self.decide_approval, wake, self.record_failure, slots, clock, overdue, days
        )
        batches = batch_parts(configured, clients)
        self.reconcile_batch = ReconcileBatch(
            batches.store, batches.orchestrator, end_batch(configured, clients, executions), clock, patience
        )
        self.erasures = continue_erasures(configured, clients, executions)
        self.sweep = SweepExecutions(executions, self.reconcile, clock, patience, days)


@lru_cache(maxsize=1)
def reconciler() -> Reconciler:
    return Reconciler()
