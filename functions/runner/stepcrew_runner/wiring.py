"""Puts the runner together once per process."""

from __future__ import annotations

from functools import lru_cache

from stepcrew.aws.approvals import TableApprovals
from stepcrew.aws.clients import Clients
from stepcrew.aws.executions import SystemClock, TableExecutions
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.queue import SqsTraceQueue
from stepcrew.aws.secrets import ParameterSecrets
from stepcrew.aws.task_outputs import TableTaskOutputs
from stepcrew.settings import settings
from stepcrew_runner.attempt.run_attempt import Ports, RunAttempt
from stepcrew_runner.crew.model_clients import OperatorProxies, use_proxies
from stepcrew_runner.isolation import addresses, environment
from stepcrew_runner.isolation.references import refuse_outside


@lru_cache(maxsize=1)
def run_attempt() -> RunAttempt:
    configured, clients = settings(), Clients()
    table, days = configured.table_name, configured.retention_days
    # The platform's own clients are made before any crew, with the environment and the proxies the operator gave.
    clients.open("dynamodb", "s3", "sqs", "ssm")
    payloads = BucketPayloads(clients, configured.bucket_name)
    proxies = OperatorProxies(environment.take_proxies())
    use_proxies(proxies)
    addresses.install_guard()
    addresses.allow_operator_endpoints(proxies.addresses())
    environment.install_guard()
    refuse_outside()
    return RunAttempt(
        Ports(
            executions=TableExecutions(clients, table, payloads, days),
            tasks=TableTaskOutputs(clients, table, payloads, days),
            approvals=TableApprovals(clients, table, payloads, days),
            queue=SqsTraceQueue(clients, configured.trace_queue_url),
            payloads=payloads,
            secrets=ParameterSecrets(clients, configured.secrets_prefix),
            clock=SystemClock(),
        ),
        configured.default_model,
        configured.slice_seconds,
    )
