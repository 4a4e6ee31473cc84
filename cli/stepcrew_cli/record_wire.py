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


class Erasure(BaseModel):
    """The receipt of a removal, which grows; `user` is null for the whole group."""

    erasure_id: str
    user: str | None = None
    status: str
    asked_by: str | None = None
    created_at: datetime
    removed: dict[str, int] = {}
    still_open: int = 0


class ErasureList(BaseModel):
    erasures: list[Erasure] = []
