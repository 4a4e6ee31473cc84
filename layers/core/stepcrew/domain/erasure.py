"""The removal of everything that a person submitted, or of everything of a group: asked for once, done in pieces."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from stepcrew.domain.batch import Batch
from stepcrew.domain.errors import Category, StepcrewError
from stepcrew.domain.execution import Execution, Status


class ErasureNotFound(StepcrewError):
    """No such erasure, or no such group for this caller."""

    category = Category.INPUT
    remedy = "GET /erasures lists those of the group."


class Erasure(BaseModel):
    """The receipt of a removal, which grows while it goes on. `status` is RUNNING or COMPLETED."""

    erasure_id: str
    group_id: str
    user: str | None = Field(default=None, description="Whose submissions are removed; null for the whole group.")
    status: Status = Status.RUNNING
    asked_by: str | None = None
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None = None
    removed: dict[str, int] = Field(default={}, description="How many of which kind, until now.")
    still_open: int = Field(
        default=0, description="Executions and batches that were cancelled and are removed once they have ended."
    )
    revision: int = 1
    before: str | None = Field(default=None, exclude=True)
    """Executions from this id on have been looked at."""
    busy_until: datetime | None = Field(default=None, exclude=True)
    """Until then somebody is at work on it."""

    def covers(self, submitted: Execution | Batch) -> bool:
        """Whether it was there when the erasure was asked for, and is to be removed."""
        return submitted.created_at < self.created_at and self.user in (None, submitted.submitted_by)
