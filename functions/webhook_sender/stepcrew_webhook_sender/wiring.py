"""Puts the sender of webhooks together once per process."""

from __future__ import annotations

from functools import lru_cache

from stepcrew.aws.approvals import TableApprovals
from stepcrew.aws.clients import Clients
from stepcrew.aws.executions import TableExecutions
from stepcrew.aws.http_poster import HttpPoster
from stepcrew.aws.link_keys import ParameterLinkKeys
from stepcrew.aws.mailer import SesMailer
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.secrets import ParameterSecrets
from stepcrew.aws.task_outputs import TableTaskOutputs
from stepcrew.aws.traces import TableTraces
from stepcrew.aws.unreadable import UnreadableMessages
from stepcrew.aws.webhooks import SqsWebhookQueue, TableWebhooks
from stepcrew.clock import SystemClock
from stepcrew.services.send_webhook import SendWebhook
from stepcrew.services.write_callback import WriteCallback
from stepcrew.settings import settings


class Sender:
    """The use case over one set of adapters."""

    def __init__(self) -> None:
        configured, clients = settings(), Clients()
        table, days = configured.table_name, configured.retention_days
        payloads = BucketPayloads(clients, configured.bucket_name)
        dead_letters = configured.webhook_dead_letter_queue_url
        self.queue = SqsWebhookQueue(clients, configured.webhook_queue_url)
        self.unreadable = UnreadableMessages(clients, dead_letters)
        self.send = SendWebhook(
            TableWebhooks(clients, table, days),
            ParameterSecrets(clients, configured.secrets_prefix),
            TableApprovals(clients, table, payloads, days),
            ParameterLinkKeys(clients, configured.secrets_prefix),
            HttpPoster(configured.webhook_inside_urls),
            SesMailer(clients, configured.mail_from),
            SqsWebhookQueue(clients, dead_letters),
            WriteCallback(
                TableExecutions(clients, table, payloads, days),
                TableTaskOutputs(clients, table, payloads, days),
                TableTraces(clients, table, days),
                configured.api_url,
            ),
            SystemClock(),
            configured.console_url,
            configured.api_url,
        )


@lru_cache(maxsize=1)
def sender() -> Sender:
    return Sender()
