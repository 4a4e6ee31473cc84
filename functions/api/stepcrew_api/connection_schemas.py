"""What the API answers about model connections."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class ConnectionView(BaseModel):
    """A model connection of the group. `secret` is the name of the secret with its key."""

    name: str
    provider: str
    base_url: str
    secret: str | None
    fallbacks: list[str]
    updated_at: datetime
    updated_by: str | None


class ConnectionList(BaseModel):
    """`operators` are the names of the connections that every group may use."""

    connections: list[ConnectionView]
    operators: list[str]
