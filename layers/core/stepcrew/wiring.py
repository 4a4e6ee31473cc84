"""Puts together what more than one function needs."""

from __future__ import annotations

import uuid_utils

from stepcrew.aws.approvals import TableApprovals
from stepcrew.aws.clients import Clients
from stepcrew.aws.crews import TableCrews
from stepcrew.aws.executions import TableExecutions
from stepcrew.aws.limits import TableLimits
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.secrets import ParameterSecretStore
from stepcrew.aws.slots import TableSlots
from stepcrew.aws.state_machine import StateMachine
from stepcrew.aws.webhooks import TableWebhooks
from stepcrew.clock import SystemClock
from stepcrew.domain.references import ModelRules
from stepcrew.services.fill_slots import FillSlots
from stepcrew.services.find_missing_secrets import FindMissingSecrets
from stepcrew.services.submit_execution import SubmitExecution
from stepcrew.services.wake_machine import WakeMachine
from stepcrew.settings import Settings


def new_id() -> str:
    """A UUIDv7: ids sort by time."""
    return str(uuid_utils.uuid7())


def model_rules(settings: Settings) -> ModelRules:
    return ModelRules(settings.default_model, settings.allowed_models, settings.allows_model, settings.default_embedder)


def group_limits(settings: Settings, clients: Clients) -> TableLimits:
    return TableLimits(clients, settings.table_name, settings.limit_rules)


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


def submit_execution(settings: Settings, clients: Clients) -> SubmitExecution:
    """The one way in: whatever starts an execution goes through it."""
    table, days = settings.table_name, settings.retention_days
    payloads = BucketPayloads(clients, settings.bucket_name)
    return SubmitExecution(
        TableExecutions(clients, table, payloads, days),
        SystemClock(),
        new_id,
        model_rules(settings),
        group_limits(settings, clients),
        TableCrews(clients, table),
        FindMissingSecrets(ParameterSecretStore(clients, settings.secrets_prefix, table)),
        fill_slots(settings, clients),
        TableWebhooks(clients, table, days),
        days,
    )
