"""Puts the runner together: once per process what serves all attempts, anew for each what reaches its data."""

from __future__ import annotations

from functools import lru_cache

from stepcrew.aws.approvals import TableApprovals
from stepcrew.aws.attempt_sessions import AttemptSessions, take_own_keys
from stepcrew.aws.executions import SystemClock, TableExecutions
from stepcrew.aws.journal import TableJournal
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
def sessions() -> AttemptSessions:
    """Made before any crew is loaded: the clients' addresses and proxies are those of the environment as it is then."""
    made = AttemptSessions(take_own_keys(), settings().attempt_role_arn)
    guard_process()
    return made


def guard_process() -> None:
    """Once per process, before any crew is loaded: what no crew may reach, change or follow."""
    proxies = OperatorProxies(environment.take_proxies())
    use_proxies(proxies)
    addresses.install_guard()
    addresses.allow_operator_endpoints(proxies.addresses())
    environment.install_guard()
    refuse_outside()


def run_attempt(group_id: str, execution_id: str) -> RunAttempt:
    """For this execution only: its clients reach no other.

    Raises:
        PlatformUnavailable: AWS gave no session.
    """
    configured, clients = settings(), sessions().clients(group_id, execution_id)
    table, days = configured.table_name, configured.retention_days
    payloads = BucketPayloads(clients, configured.bucket_name)
    return RunAttempt(
        Ports(
            executions=TableExecutions(clients, table, payloads, days),
            tasks=TableTaskOutputs(clients, table, payloads, days),
            journal=TableJournal(clients, table, payloads, days),
            approvals=TableApprovals(clients, table, payloads, days),
            queue=SqsTraceQueue(clients, configured.trace_queue_url),
            payloads=payloads,
            secrets=ParameterSecrets(clients, configured.secrets_prefix),
            clock=SystemClock(),
            model_keys=lambda: sessions().model_keys(group_id, execution_id).as_arguments,
        ),
        configured.default_model,
        configured.slice_seconds,
    )
