"""Puts the announcer together once per process."""

from __future__ import annotations

from functools import lru_cache

from stepcrew.aws.clients import Clients
from stepcrew.aws.event_bus import EventBridgeBus
from stepcrew.aws.executions import TableExecutions
from stepcrew.aws.journal import TableJournal
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.unreadable import UnreadableChanges
from stepcrew.aws.usage import TableUsage
from stepcrew.aws.webhooks import SqsWebhookQueue, TableWebhooks
from stepcrew.services.count_usage import CountUsage
from stepcrew.services.read_cost import ReadCost
from stepcrew.services.tell_webhooks import TellWebhooks
from stepcrew.settings import function_settings, settings
from stepcrew.wiring import batch_parts, fill_slots, watch_budgets


class Announcer:
    """The use cases over one set of adapters."""

    def __init__(self) -> None:
        configured, clients = settings(), Clients()
        self.bus = EventBridgeBus(clients, configured.event_bus_name)
        self.tell_webhooks = TellWebhooks(
            TableWebhooks(clients, configured.table_name, configured.retention_days),
            SqsWebhookQueue(clients, configured.webhook_queue_url),
        )
        self.tell_work = self.tell_webhooks.of_work
        table = configured.table_name
        payloads = BucketPayloads(clients, configured.bucket_name)
        executions = TableExecutions(clients, table, payloads, configured.retention_days)
        journal = TableJournal(clients, table, payloads, configured.retention_days)
        read_cost = ReadCost(executions, journal, function_settings().aws_region)
        self.count_usage = CountUsage(TableUsage(clients, table), journal, read_cost)
        self.watch_budgets = watch_budgets(configured, clients)
        self.unreadable = UnreadableChanges(clients, configured.announcement_dead_letter_queue_url)
        self.fill_slots = fill_slots(configured, clients)
        self.end_row = batch_parts(configured, clients).end_row


@lru_cache(maxsize=1)
def announcer() -> Announcer:
    return Announcer()
