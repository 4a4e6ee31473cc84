"""What a group registers under names, for its crews to use."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import ClassVar

from pydantic import BaseModel

from stepcrew.domain.errors import InvalidRequest


class Registered(BaseModel):
    """One thing of those; who registered it, and when. A group has at most `MOST` of its kind, called `PLURAL`."""

    MOST: ClassVar[int]
    PLURAL: ClassVar[str]

    name: str
    updated_at: datetime
    updated_by: str | None = None


REGISTERING = {"updated_at", "updated_by"}
"""Fields that an execution keeps nothing of."""


def check_room(name: str, known: Collection[str], most: int, what: str, owner: str = "group") -> None:
    """Raises `InvalidRequest` for one that is new where there are so many already."""
    if name not in known and len(known) >= most:
        detail = f"The {owner} has {most} {what} already."
        raise InvalidRequest.at("", "too_many", detail, "Remove one first.")
