"""Puts the reconciler together once per process."""

from __future__ import annotations

from functools import lru_cache

from stepcrew.aws.clients import Clients
from stepcrew.aws.executions import SystemClock, TableExecutions
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.traces import TableTraces
from stepcrew.services.record_failure import RecordFailure
from stepcrew.settings import settings


@lru_cache(maxsize=1)
def record_failure() -> RecordFailure:
    configured, clients = settings(), Clients()
    payloads = BucketPayloads(clients, configured.bucket_name)
    return RecordFailure(
        TableExecutions(clients, configured.table_name, payloads, configured.retention_days),
        TableTraces(clients, configured.table_name, configured.retention_days),
        SystemClock(),
    )
