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
from stepcrew_runner.isolation.addresses import allow_operator_endpoints, install_guard


@lru_cache(maxsize=1)
def run_attempt() -> RunAttempt:
    configured, clients = settings(), Clients()
    table, days = configured.table_name, configured.retention_days
    payloads = BucketPayloads(clients, configured.bucket_name)
    install_guard()
    allow_operator_endpoints()
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
