"""The shapes of the audit log and of erasures on the wire."""

from __future__ import annotations

from pydantic import BaseModel

from stepcrew.domain.audit import AuditEntry
from stepcrew.domain.erasure import Erasure


class AuditList(BaseModel):
    """Newest first."""

    entries: list[AuditEntry]
    next_cursor: str | None = None


class ErasureList(BaseModel):
    """Newest first."""

    erasures: list[Erasure]
