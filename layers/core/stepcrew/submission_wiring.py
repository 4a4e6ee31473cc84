"""Puts together what functions need that start executions."""

from __future__ import annotations

from functools import partial

import uuid_utils

from stepcrew.aws.clients import Clients
from stepcrew.aws.crews import TableCrews
from stepcrew.aws.executions import TableExecutions
from stepcrew.aws.files import BucketFiles
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.prices import TablePrices
from stepcrew.aws.registrations import table_connections, table_tools
from stepcrew.aws.secrets import ParameterSecretStore
from stepcrew.aws.webhooks import TableWebhooks
from stepcrew.clock import SystemClock
from stepcrew.domain.models import ModelRules
from stepcrew.services.find_missing_files import FindMissingFiles
from stepcrew.services.find_missing_secrets import FindMissingSecrets
from stepcrew.services.own_parts import OwnParts
from stepcrew.services.submit_execution import SubmitExecution
from stepcrew.settings import Settings
from stepcrew.wiring import fill_slots, group_limits, watch_budgets


def new_id() -> str:
    """A UUIDv7: ids sort by time."""
    return str(uuid_utils.uuid7())


def model_rules(settings: Settings) -> ModelRules:
    connections = {name: one.fallbacks for name, one in settings.model_connections.items()}
    return ModelRules(
        settings.default_model,
        settings.allowed_models,
        settings.default_embedder,
        connections,
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
        FindMissingSecrets(ParameterSecretStore(clients, settings.secrets_prefix, table), settings.model_connections),
        FindMissingFiles(BucketFiles(clients, table, settings.bucket_name)),
        fill_slots(settings, clients),
        TableWebhooks(clients, table, days),
        partial(OwnParts, table_tools(clients, table), table_connections(clients, table)),
        TablePrices(clients, table),
        watch_budgets(settings, clients),
        days,
    )
