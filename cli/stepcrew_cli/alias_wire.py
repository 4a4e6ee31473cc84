"""What the command line reads of the API's answers about aliases of stored crews."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class CrewAlias(BaseModel):
    alias: str
    version: int
    moved_at: datetime | None = None
    moved_by: str | None = None


class AliasList(BaseModel):
    aliases: list[CrewAlias] = []
