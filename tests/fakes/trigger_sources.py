"""Rules and schedules of triggers in a dictionary."""

from __future__ import annotations

from collections.abc import Callable

from stepcrew.domain.trigger import Trigger


class FakeTriggerSources:
    """Remembers the rules and schedules there are, by `group/name`."""

    def __init__(self) -> None:
        self.there: dict[str, Trigger] = {}
        self.removed: list[Trigger] = []
        self.before_put: Callable[[Trigger], None] = lambda _trigger: None
        """May raise what AWS refuses, or do what somebody else does meanwhile."""

    def put(self, group_id: str, trigger: Trigger) -> None:
        self.before_put(trigger)
        self.there[f"{group_id}/{trigger.name}"] = trigger

    def remove(self, group_id: str, trigger: Trigger) -> None:
        self.removed.append(trigger)
        self.there.pop(f"{group_id}/{trigger.name}", None)
