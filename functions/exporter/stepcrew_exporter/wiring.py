"""Puts the exporter together once per process."""

from __future__ import annotations

from functools import lru_cache

from stepcrew.aws.clients import Clients
from stepcrew.aws.collector import OtlpCollector
from stepcrew.aws.executions import TableExecutions
from stepcrew.aws.export_queue import SqsExportQueue
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.traces import TableTraces
from stepcrew.clock import SystemClock
from stepcrew.services.send_trace import SendTrace
from stepcrew.settings import settings


class Exporter:
    """The use case over one set of adapters."""

    def __init__(self) -> None:
        configured, clients = settings(), Clients()
        table, days = configured.table_name, configured.retention_days
        payloads = BucketPayloads(clients, configured.bucket_name)
        self.queue = SqsExportQueue(clients, configured.export_queue_url, configured.export_dead_letter_queue_url)
        self.send = SendTrace(
            TableExecutions(clients, table, payloads, days),
            TableTraces(clients, table, days),
            OtlpCollector(clients, configured.secrets_prefix, configured.export_endpoint, SystemClock()),
        )


@lru_cache(maxsize=1)
def exporter() -> Exporter:
    return Exporter()
