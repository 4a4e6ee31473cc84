"""The shapes of the audit log on the wire."""

from __future__ import annotations

from pydantic import BaseModel

from stepcrew.domain.audit import AuditEntry


class AuditList(BaseModel):
    """Newest first."""

    entries: list[AuditEntry]
    next_cursor: str | None = None
