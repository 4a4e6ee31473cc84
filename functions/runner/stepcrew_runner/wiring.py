"""Puts the runner together: some parts once per process, and what reaches an execution's data for each attempt."""

from __future__ import annotations

import logging
from functools import lru_cache, partial

from stepcrew.aws.approvals import TableApprovals
from stepcrew.aws.attempt_sessions import AttemptSessions, take_own_keys
from stepcrew.aws.bundles import BucketBundles
from stepcrew.aws.clients import Clients
from stepcrew.aws.executions import TableExecutions
from stepcrew.aws.files import BucketFiles
from stepcrew.aws.flow_states import TableFlowStates
from stepcrew.aws.indexed_memory import memory_of
from stepcrew.aws.journal import TableJournal
from stepcrew.aws.knowledge import TableKnowledge
from stepcrew.aws.meter import RequestMeter
from stepcrew.aws.payloads import BucketPayloads
from stepcrew.aws.queue import SqsTraceQueue
from stepcrew.aws.secrets import ParameterSecrets
from stepcrew.aws.task_outputs import TableTaskOutputs
from stepcrew.aws.tool_functions import LambdaToolFunctions
from stepcrew.clock import SystemClock
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.settings import function_settings, settings
from stepcrew_runner.attempt.run_attempt import Ports, RunAttempt, Stores
from stepcrew_runner.gate.proxies import use_proxies
from stepcrew_runner.isolation import addresses, environment
from stepcrew_runner.isolation.references import refuse_outside
from stepcrew_runner.project.building import ProjectCode
from stepcrew_runner.project.bundle import Bundle, unpack
from stepcrew_runner.project.served_tool import ServedTool
from stepcrew_runner.trace.logs import Detail


@lru_cache(maxsize=1)
def sessions() -> AttemptSessions:
    """Made before any crew is loaded: the clients' addresses and proxies are those of the environment as it is then."""
    made = AttemptSessions(
        take_own_keys(),
        settings().attempt_role_arn,
        of_project=bool(settings().project_bundle),
        vectors=bool(settings().vector_bucket_name),
    )
    guard_process()
    return made


def guard_process() -> None:
    """Once per process, before any crew is loaded: what no crew may reach, change or follow."""
    proxies = use_proxies(environment.take_proxies())
    addresses.install_guard()
    addresses.allow_operator_endpoints([*proxies, *(one.base_url for one in settings().model_connections.values())])
    if not settings().project_bundle:  # a project's code sets the variables it needs
        environment.install_guard()
    refuse_outside()


@lru_cache(maxsize=1)
def project() -> ProjectCode | None:
    """The project that this function serves; None in the shared runner.

    Raises:
        PlatformUnavailable: its bundle cannot be read, or is not there.
    """
    configured = settings()
    if not configured.project_bundle:
        return None
    bundle = _bundle(sessions().own)
    addresses.serve_project()
    return ProjectCode(bundle, configured.project_model)


@lru_cache(maxsize=1)
def served_tool() -> ServedTool:
    """The tool that this function serves. All its process can reach is what its own role can.

    Raises:
        PlatformUnavailable: its bundle cannot be read, or is not there.
    """
    clients = Clients()
    secrets = ParameterSecrets(clients, settings().secrets_prefix)
    return ServedTool(_bundle(clients), partial(secrets.group_secret, settings().project_group))


def _bundle(clients: Clients) -> Bundle:
    group_id, digest = settings().project_group, settings().project_bundle
    content = BucketBundles(clients, settings().bucket_name).read(group_id, digest)
    if content is None:
        raise PlatformUnavailable(f"The bundle {digest[:12]}… of this function is not in the bucket.")
    return unpack(content, digest, environment.FOLDER / "bundle")


def run_attempt(group_id: str, execution_id: str, ready_ms: int) -> RunAttempt:
    """For this execution only: its clients reach no other. `ready_ms` is how long the process took to be ready, where
    this is its first invocation.

    Raises:
        PlatformUnavailable: AWS gave no session.
    """
    configured, own, clock = settings(), function_settings(), SystemClock()
    meter = RequestMeter(clock.now(), own.aws_lambda_function_memory_size, ready_ms)
    clients = sessions().clients(group_id, execution_id, meter)
    table, days = configured.table_name, configured.retention_days
    payloads = BucketPayloads(clients, configured.bucket_name)
    return RunAttempt(
        Ports(
            Stores(
                TableExecutions(clients, table, payloads, days),
                TableTaskOutputs(clients, table, payloads, days),
                TableJournal(clients, table, payloads, days),
                TableApprovals(clients, table, payloads, days),
                payloads,
                memory_of(configured, clients),
                BucketFiles(clients, table, configured.bucket_name),
                TableKnowledge(clients, table),
                TableFlowStates(clients, table, days),
            ),
            queue=SqsTraceQueue(clients, configured.trace_queue_url),
            secrets=ParameterSecrets(clients, configured.secrets_prefix),
            clock=clock,
            functions=LambdaToolFunctions(clients),
            connections=configured.model_connections,
            own_secrets=clients.secrets,
            meter=meter,
            model_keys=lambda: sessions().model_keys(group_id, execution_id).as_arguments,
        ),
        configured.default_model,
        configured.slice_seconds,
        project(),
        default_embedder=configured.default_embedder,
        most_memory_days=configured.memory_retention_days,
        detail=Detail(logging.getLevelNamesMapping()[own.powertools_log_level], configured.trace_callbacks),
    )
