"""The event bus on which changes of status are announced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stepcrew.aws.clients import Clients
from stepcrew.aws.errors import platform_errors
from stepcrew.domain.announcement import SOURCE, Announcement
from stepcrew.domain.errors import PlatformUnavailable

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import PutEventsRequestEntryTypeDef

_MOST = 10
"""Entries of one request, as the service allows."""


def _detail_type(told: Announcement) -> str:
    """Such as "Execution Completed" or "Budget Used Up"."""
    return told.type.removeprefix(f"{SOURCE}.").replace(".", " ").replace("_", " ").title()


class EventBridgeBus:
    """Where the announcer tells of changes."""

    def __init__(self, clients: Clients, bus: str) -> None:
        self._clients = clients
        self._bus = bus

    def put(self, announcements: list[Announcement]) -> None:
        """Returns when all of them are taken. Raises `PlatformUnavailable` when one was not; others may be taken by
        then, so whoever repeats it tells them again."""
        for start in range(0, len(announcements), _MOST):
            entries: list[PutEventsRequestEntryTypeDef] = [
                {
                    "EventBusName": self._bus,
                    "Source": SOURCE,
                    "DetailType": _detail_type(one),
                    "Detail": one.model_dump_json(),
                    "Resources": [],
                    "Time": one.time,
                }
                for one in announcements[start : start + _MOST]
            ]
            self._put(entries)

    def _put(self, entries: list[PutEventsRequestEntryTypeDef]) -> None:
        with platform_errors("Announcing on the event bus"):
            answer = self._clients.events.put_events(Entries=entries)
        # The service answers 200 though it took only a part of them.
        refused = [entry["ErrorCode"] for entry in answer["Entries"] if "ErrorCode" in entry]
        if refused:
            raise PlatformUnavailable(f"Announcing on the event bus failed: AWS answered {refused[0]}.")
