"""Who did what in a group: one entry for each change that somebody asked for."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, Field

from stepcrew.domain.membership import Role


class AuditEntry(BaseModel):
    """Ids sort by time. An entry says that somebody who may do so asked for a change, and that it was made."""

    entry_id: str
    at: datetime
    who: str | None = Field(default=None, description="The caller's address, or the subject of the token.")
    role: Role
    action: str = Field(description="What the OpenAPI document calls `x-audit-action`.")
    target: str = Field(default="", description="Name or id of what was changed; empty for what a group has one of.")
    request_id: str | None = Field(default=None, description="As in the access log.")
