"""What the command line reads of the API's answers about model connections."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class Connection(BaseModel):
    name: str
    provider: str
    base_url: str
    secret: str | None = None
    updated_at: datetime | None = None
    updated_by: str | None = None


class ConnectionList(BaseModel):
    connections: list[Connection] = []
    operators: list[str] = []
