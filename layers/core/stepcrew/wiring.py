"""Puts together what several functions need: the limits of groups, who is next to run, and batches."""

from __future__ import annotations

from typing import NamedTuple

from stepcrew.aws.approvals import TableApprovals
from stepcrew.aws.budgets import TableBudgets
from stepcrew.aws.clients import Clients
from stepcrew.aws.crew_batches import TableBatches
from stepcrew.aws.erasures import StoredRemains, TableErasures
from stepcrew.aws.executions import TableExecutions
from stepcrew.aws.limits import TableLimits
from stepcrew.aws.listing import TableListing
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.slots import TableSlots
from stepcrew.aws.state_machine import BatchMachine, StateMachine
from stepcrew.aws.usage import TableUsage
from stepcrew.aws.vector_bucket import VectorBucket
from stepcrew.clock import SystemClock
from stepcrew.services.cancel_execution import CancelExecution
from stepcrew.services.end_batch import EndBatch
from stepcrew.services.end_row import EndRow
from stepcrew.services.erase_data import ContinueErasures
from stepcrew.services.fill_slots import FillSlots
from stepcrew.services.wake_machine import WakeMachine
from stepcrew.services.watch_budgets import WatchBudgets
from stepcrew.settings import Settings


class BatchParts(NamedTuple):
    """What works on batches in every function."""

    store: TableBatches
    orchestrator: BatchMachine
    end_row: EndRow


def batch_parts(settings: Settings, clients: Clients) -> BatchParts:
    store = TableBatches(clients, settings.table_name, settings.retention_days)
    orchestrator = BatchMachine(clients, settings.batch_machine_arn)
    return BatchParts(store, orchestrator, EndRow(store, orchestrator, SystemClock()))


def cancel_execution(settings: Settings, clients: Clients, executions: TableExecutions) -> CancelExecution:
    payloads = BucketPayloads(clients, settings.bucket_name)
    approvals = TableApprovals(clients, settings.table_name, payloads, settings.retention_days)
    wake = WakeMachine(approvals, StateMachine(clients, settings.state_machine_arn))
    return CancelExecution(executions, wake, SystemClock())


def end_batch(settings: Settings, clients: Clients, executions: TableExecutions) -> EndBatch:
    store, orchestrator, end_row = batch_parts(settings, clients)
    cancel = cancel_execution(settings, clients, executions)
    return EndBatch(store, orchestrator, executions, cancel, end_row, SystemClock())


def continue_erasures(settings: Settings, clients: Clients, executions: TableExecutions) -> ContinueErasures:
    table, vectors = settings.table_name, VectorBucket(clients, settings.vector_bucket_name)
    return ContinueErasures(
        TableErasures(clients, table),
        executions,
        TableListing(clients, table),
        batch_parts(settings, clients).store,
        cancel_execution(settings, clients, executions),
        StoredRemains(clients, table, settings.bucket_name, settings.inbox_bucket, vectors),
        SystemClock(),
    )


def group_limits(settings: Settings, clients: Clients) -> TableLimits:
    return TableLimits(clients, settings.table_name, settings.limit_rules)


def watch_budgets(settings: Settings, clients: Clients) -> WatchBudgets:
    table = settings.table_name
    return WatchBudgets(TableBudgets(clients, table), TableUsage(clients, table), SystemClock())


def fill_slots(settings: Settings, clients: Clients) -> FillSlots:
    table = settings.table_name
    approvals = TableApprovals(clients, table, BucketPayloads(clients, settings.bucket_name), settings.retention_days)
    orchestrator = StateMachine(clients, settings.state_machine_arn)
    return FillSlots(
        TableSlots(clients, table),
        group_limits(settings, clients),
        orchestrator,
        WakeMachine(approvals, orchestrator),
        SystemClock(),
    )
