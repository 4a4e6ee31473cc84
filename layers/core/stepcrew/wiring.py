"""Puts together what most functions need: the limits of groups, and who is next to run."""

from __future__ import annotations

from stepcrew.aws.approvals import TableApprovals
from stepcrew.aws.budgets import TableBudgets
from stepcrew.aws.clients import Clients
from stepcrew.aws.limits import TableLimits
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.slots import TableSlots
from stepcrew.aws.state_machine import StateMachine
from stepcrew.aws.usage import TableUsage
from stepcrew.clock import SystemClock
from stepcrew.services.fill_slots import FillSlots
from stepcrew.services.wake_machine import WakeMachine
from stepcrew.services.watch_budgets import WatchBudgets
from stepcrew.settings import Settings


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
