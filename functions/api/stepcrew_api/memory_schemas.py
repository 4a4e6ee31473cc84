"""Answers about memory; as in `schemas`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from stepcrew.domain.memory import Backend
from stepcrew.services.keep_memory import ScopeSummary


class ScopeList(BaseModel):
    """By path; `records` of a scope counts those below it too."""

    scopes: list[ScopeSummary]


class MemoryRecordView(BaseModel):
    """One remembered fact, without its vector. `execution_id` is the execution that wrote it first,
    `expires_at` null where it is kept until somebody removes it."""

    model_config = ConfigDict(extra="ignore")

    record_id: str
    scope: str
    content: str
    categories: list[str]
    metadata: dict[str, Any]
    importance: float
    source: str | None
    private: bool
    created_at: datetime
    updated_at: datetime
    execution_id: str | None
    expires_at: datetime | None


class MemoryHitView(BaseModel):
    """`score` is how close its meaning is to the question's, from 0 to 1."""

    record: MemoryRecordView
    score: float


class MemoryHitList(BaseModel):
    """The closest first."""

    hits: list[MemoryHitView]


class ReembedRequest(BaseModel):
    """`embedder` is `provider/model`, `backend` where the vectors are to lie. Without a backend they stay where they
    are; without an embedder it is the operator's, or stays the same where a backend is named."""

    model_config = ConfigDict(extra="forbid")

    scope: str
    embedder: str | None = None
    backend: Backend | None = None


class MemoryRecordList(BaseModel):
    """`next_cursor` is opaque and null on the last page."""

    records: list[MemoryRecordView]
    next_cursor: str | None
