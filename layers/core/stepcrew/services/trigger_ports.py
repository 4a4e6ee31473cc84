"""What the use cases of triggers need of the outside; as in `ports`."""

from __future__ import annotations

from typing import Protocol

from stepcrew.domain.trigger import Cause, Firing, Trigger


class TriggerStore(Protocol):
    """Triggers of groups and their firings."""

    def save(self, group_id: str, trigger: Trigger, *, seen: int | None) -> bool:
        """Writes a trigger over the revision that was seen, or where none was. False when another came between."""
        ...

    def trigger(self, group_id: str, name: str) -> Trigger | None: ...

    def triggers(self, group_id: str) -> list[Trigger]:
        """All triggers of a group, ordered by name."""
        ...

    def delete(self, group_id: str, name: str, *, seen: int | None = None) -> None:
        """Removes the trigger and its firings; with `seen`, only where that revision stands. Asking again changes
        nothing."""
        ...

    def save_firing(self, group_id: str, firing: Firing, cause: Cause, *, seen: int | None) -> bool:
        """Writes the firing over the turn that was seen, or where none was. False when another came between."""
        ...

    def firing(self, group_id: str, trigger: str, firing_id: str) -> Firing | None: ...

    def firings(self, group_id: str, trigger: str, *, before: str | None, limit: int) -> list[Firing]:
        """Newest first, before the place that `Firing.place` names."""
        ...

    def cause(self, group_id: str, trigger: str, firing_id: str) -> Cause | None:
        """What made it fire; None when it is unknown or has expired."""
        ...


class TriggerSources(Protocol):
    """The rules and schedules outside the table that send causes for triggers of the kinds event and schedule."""

    def put(self, group_id: str, trigger: Trigger) -> None:
        """Makes or changes the rule or schedule. Raises `InvalidRequest` for a pattern or expression AWS refuses, and
        `QuotaUsedUp`."""
        ...

    def remove(self, group_id: str, trigger: Trigger) -> None:
        """Removes it. Asking again changes nothing."""
        ...


UPLOAD_SECONDS = 900
"""How long an address of the inbox takes an object."""


class Inbox(Protocol):
    """The bucket whose new objects make triggers fire; the first part of each key is the group."""

    def read(self, key: str, version: str | None, etag: str, most: int) -> bytes | None:
        """At most `most` + 1 bytes of an object, so that a larger one is told from one that fits; None when it is
        gone, or has another ETag by now."""
        ...

    def upload_url(self, group_id: str, name: str) -> str:
        """A signed address that takes one object by PUT for `UPLOAD_SECONDS`."""
        ...


class TriggerQueue(Protocol):
    """Where firings that are not finished wait for their next turn."""

    def proceed(self, group_id: str, trigger: str, firing_id: str, turn: int, seconds: int) -> None:
        """Has the firing go on from this turn, after so many seconds (900 at most)."""
        ...
