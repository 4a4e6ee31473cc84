"""What the API answers about memory; as in `wire`."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class Scope(BaseModel):
    path: str
    records: int = 0
    embedder: str | None = None
    backend: str = "table"
    newest: datetime | None = None
    moving_to: str | None = None
    reason: str = ""


class ScopeList(BaseModel):
    scopes: list[Scope] = []


class MemoryRecord(BaseModel):
    record_id: str
    scope: str = ""
    content: str = ""
    importance: float = 0
    created_at: datetime | None = None
    execution_id: str | None = None


class MemoryRecordList(BaseModel):
    records: list[MemoryRecord] = []
    next_cursor: str | None = None


class MemoryHit(BaseModel):
    record: MemoryRecord
    score: float = 0


class MemoryHitList(BaseModel):
    hits: list[MemoryHit] = []


class MemoryReceipt(BaseModel):
    scope: str = ""
    records: int = 0
    vectors: int = 0
