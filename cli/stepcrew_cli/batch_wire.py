"""What the API answers about batches; as in `wire`."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class Counts(BaseModel):
    running: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0


class BatchUsage(BaseModel):
    total_tokens: int = 0
    cost_usd: float = 0
    unpriced: int = 0


class Batch(BaseModel):
    batch_id: str
    name: str
    crew: str
    status: str
    reason: str = ""
    total: int
    pending: int = 0
    counts: Counts = Counts()
    usage: BatchUsage = BatchUsage()
    max_concurrency: int = 1
    round: int = 1
    created_at: datetime

    @property
    def ended(self) -> bool:
        return self.status != "RUNNING"

    @property
    def rows_ended(self) -> int:
        return self.counts.completed + self.counts.failed + self.counts.cancelled


class BatchList(BaseModel):
    batches: list[Batch] = []
    next_cursor: str | None = None


class BatchRow(BaseModel):
    row: int
    status: str
    execution_id: str | None = None
    reason: str = ""


class BatchRowList(BaseModel):
    rows: list[BatchRow] = []
    next_cursor: str | None = None
