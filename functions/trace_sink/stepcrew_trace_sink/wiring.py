"""Puts the trace sink together once per process."""

from __future__ import annotations

from functools import lru_cache

from stepcrew.aws.clients import Clients
from stepcrew.aws.export_queue import SqsExportQueue
from stepcrew.aws.traces import TableTraces
from stepcrew.clock import SystemClock
from stepcrew.domain.senders import TraceSenders
from stepcrew.services.ports import Clock, TraceStore
from stepcrew.settings import settings


@lru_cache(maxsize=1)
def traces() -> TraceStore:
    configured = settings()
    return TableTraces(Clients(), configured.table_name, configured.retention_days)


@lru_cache(maxsize=1)
def clock() -> Clock:
    return SystemClock()


@lru_cache(maxsize=1)
def senders() -> TraceSenders:
    configured = settings()
    return TraceSenders(configured.trace_sender_role_id, configured.trace_redrive_sender_id)


@lru_cache(maxsize=1)
def export_queue() -> SqsExportQueue | None:
    """None where the operator has no collector."""
    url = settings().export_queue_url
    return SqsExportQueue(Clients(), url) if url else None
