"""What the command line reads of the API's answers about what was done and what was removed."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class AuditEntry(BaseModel):
    at: datetime
    who: str | None = None
    role: str
    action: str
    target: str = ""


class AuditPage(BaseModel):
    entries: list[AuditEntry] = []
    next_cursor: str | None = None


class Deletion(BaseModel):
    """`removed` counts by kind."""

    execution_id: str
    removed: dict[str, int] = {}
