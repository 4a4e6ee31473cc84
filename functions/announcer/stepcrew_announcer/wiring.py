"""Puts the announcer together once per process."""

from __future__ import annotations

from functools import lru_cache

from stepcrew.aws.approvals import TableApprovals
from stepcrew.aws.clients import Clients
from stepcrew.aws.event_bus import EventBridgeBus
from stepcrew.aws.limits import TableLimits
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.slots import TableSlots
from stepcrew.aws.state_machine import StateMachine
from stepcrew.aws.unreadable import UnreadableChanges
from stepcrew.aws.webhooks import SqsWebhookQueue, TableWebhooks
from stepcrew.clock import SystemClock
from stepcrew.services.fill_slots import FillSlots
from stepcrew.services.tell_webhooks import TellWebhooks
from stepcrew.services.wake_machine import WakeMachine
from stepcrew.settings import settings


class Announcer:
    """The use cases over one set of adapters."""

    def __init__(self) -> None:
        configured, clients = settings(), Clients()
        table = configured.table_name
        payloads = BucketPayloads(clients, configured.bucket_name)
        orchestrator = StateMachine(clients, configured.state_machine_arn)
        wake = WakeMachine(TableApprovals(clients, table, payloads, configured.retention_days), orchestrator)
        limits = TableLimits(clients, table, configured.limit_rules)
        self.bus = EventBridgeBus(clients, configured.event_bus_name)
        self.tell_webhooks = TellWebhooks(
            TableWebhooks(clients, table, configured.retention_days),
            SqsWebhookQueue(clients, configured.webhook_queue_url),
        )
        self.unreadable = UnreadableChanges(clients, configured.announcement_dead_letter_queue_url)
        self.fill_slots = FillSlots(TableSlots(clients, table), limits, orchestrator, wake, SystemClock())


@lru_cache(maxsize=1)
def announcer() -> Announcer:
    return Announcer()
