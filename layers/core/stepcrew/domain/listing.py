"""Which executions of a group are looked for, and one page of them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel

from stepcrew.domain.execution import Execution, Status

_SLACK_MS = 60_000
"""So far the moment in an id may be from `created_at`; the exact comparison follows."""
_MOST_MS = 2**48 - 1
_FIRST, _LAST = "!", "~"  # in front of and behind every id


class Listed(BaseModel):
    """What the list itself knows of an execution, so that it changes with its status only. `group_sort` is the id."""

    group_sort: str
    status: Status
    name: str
    created_at: datetime


class ListFilter(NamedTuple):
    """What is null does not matter. `name` is the whole name, `search` a part of it, in any case. `created_after` is
    included, `created_before` is not."""

    status: Status | None = None
    name: str | None = None
    search: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None

    @property
    def narrows(self) -> bool:
        """Whether what the index answers may have to be looked through."""
        return any((self.status, self.name, self.search))

    def fits(self, execution: Execution | Listed) -> bool:
        return (
            (self.status is None or execution.status is self.status)
            and (not self.name or execution.name == self.name)
            and (not self.search or self.search.casefold() in execution.name.casefold())
            and (self.created_after is None or execution.created_at >= self.created_after)
            and (self.created_before is None or execution.created_at < self.created_before)
        )

    def id_range(self) -> tuple[str, str]:
        """Between which ids all of them lie: ids are UUIDv7 and begin with the milliseconds since 1970 (RFC 9562)."""
        low = _id_at(self.created_after, -_SLACK_MS) if self.created_after else _FIRST
        high = _id_at(self.created_before, _SLACK_MS) if self.created_before else _LAST
        return low, max(low, high)


class ExecutionPage(NamedTuple):
    """`before` is where to go on: the id in front of which the next page begins, null behind the last one. A page may
    hold fewer than were asked for, even none, though there are more."""

    executions: list[Execution]
    before: str | None


def _id_at(moment: datetime, slack: int) -> str:
    digits = f"{min(max(int(moment.timestamp() * 1000) + slack, 0), _MOST_MS):012x}"
    return f"{digits[:8]}-{digits[8:]}"
