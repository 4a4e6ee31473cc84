"""Keeps a trigger under its name, with the rule or schedule that sends its causes."""

from __future__ import annotations

from collections.abc import Callable

from stepcrew.domain.errors import InvalidRequest, PlatformUnavailable, QuotaUsedUp, TriggerNotFound
from stepcrew.domain.limits import effective
from stepcrew.domain.registration import check_room
from stepcrew.domain.stored_crew import split_reference
from stepcrew.domain.trigger import MOST_TRIGGERS, Trigger, TriggerKind, TriggerSpec
from stepcrew.services.crew_ports import CrewStore
from stepcrew.services.ports import Clock, LimitStore
from stepcrew.services.read_crew import read_crew
from stepcrew.services.trigger_ports import TriggerSources, TriggerStore

_RACES = 5


class StoreTrigger:
    """Storing the same again changes nothing but its revision. The table is written first: a rule or schedule without a
    trigger would fire into nothing, a trigger without one is completed by storing it again. What AWS then refuses is
    taken back."""

    def __init__(
        self,
        triggers: TriggerStore,
        sources: TriggerSources,
        crews: CrewStore,
        limits: LimitStore,
        clock: Clock,
        new_hook_id: Callable[[], str],
    ) -> None:
        self._triggers = triggers
        self._sources = sources
        self._crews = crews
        self._limits = limits
        self._clock = clock
        self._new_hook_id = new_hook_id

    def __call__(self, group_id: str, name: str, spec: TriggerSpec, made_by: str | None) -> tuple[Trigger, bool]:
        """The trigger as it is stored now, and whether there was none of that name.

        Raises `InvalidRequest`, `CrewNotFound` for a crew the group does not keep, and `QuotaUsedUp`."""
        faults = spec.faults()
        if faults:
            raise InvalidRequest.of(faults)
        read_crew(self._crews, group_id, *split_reference(spec.crew))
        effective(spec.limits, self._limits.limit_rules(group_id))
        for _ in range(_RACES):
            before = self._triggers.trigger(group_id, name)
            if before is None:
                known = {one.name for one in self._triggers.triggers(group_id)}
                check_room(name, known, MOST_TRIGGERS, "triggers")
            trigger = self._made(name, spec, made_by, before)
            if not self._triggers.save(group_id, trigger, seen=before.revision if before else None):
                continue
            if before and not _same_source(before, trigger):
                self._sources.remove(group_id, before)
            try:
                self._sources.put(group_id, trigger)
            except (InvalidRequest, QuotaUsedUp):
                self._take_back(group_id, trigger, before)
                raise
            self._follow(group_id, trigger)
            return trigger, before is None
        raise PlatformUnavailable(f"The trigger {name} changes too fast to be stored.")

    def pause(self, group_id: str, name: str, made_by: str | None, *, enabled: bool) -> Trigger:
        """Lets a trigger rest or go on. Raises `TriggerNotFound`."""
        before = self._triggers.trigger(group_id, name)
        if before is None:
            raise TriggerNotFound(f"There is no trigger {name!r} in this group.")
        spec = TriggerSpec.model_validate(
            {**before.model_dump(include=set(TriggerSpec.model_fields), exclude_unset=True), "enabled": enabled},
            strict=False,
        )
        return self(group_id, name, spec, made_by)[0]

    def delete(self, group_id: str, name: str) -> None:
        """Asking again changes nothing. The rule or schedule goes first: what it sent last finds no trigger."""
        before = self._triggers.trigger(group_id, name)
        if before:
            self._sources.remove(group_id, before)
        self._triggers.delete(group_id, name)

    def _take_back(self, group_id: str, refused: Trigger, before: Trigger | None) -> None:
        """What AWS refuses is not kept: all stands as it stood, where nobody has changed it since."""
        if before is None:
            self._triggers.delete(group_id, refused.name, seen=refused.revision)
        else:
            again = before.model_copy(update={"revision": refused.revision + 1})
            if self._triggers.save(group_id, again, seen=refused.revision):
                self._sources.put(group_id, again)

    def _follow(self, group_id: str, put: Trigger) -> None:
        """Who stored or deleted the trigger meanwhile may have come to its rule or schedule before us; what the table
        says counts."""
        last: Trigger | None = put
        for _ in range(_RACES):
            current = self._triggers.trigger(group_id, put.name)
            if current == last:
                return
            if last and not (current and _same_source(last, current)):
                self._sources.remove(group_id, last)
            if current:
                self._sources.put(group_id, current)
            last = current

    def _made(self, name: str, spec: TriggerSpec, made_by: str | None, before: Trigger | None) -> Trigger:
        now = self._clock.now()
        hook_id = before.hook_id if before else None
        if spec.kind is TriggerKind.HOOK and hook_id is None:
            hook_id = self._new_hook_id()
        return Trigger(
            **spec.model_dump(exclude_unset=True),
            name=name,
            revision=before.revision + 1 if before else 1,
            made_by=made_by,
            created_at=before.created_at if before else now,
            updated_at=now,
            hook_id=hook_id if spec.kind is TriggerKind.HOOK else None,
        )


def _same_source(before: Trigger, now: Trigger) -> bool:
    """The rule or schedule of the earlier revision is the one that is changed; it need not be removed."""
    if before.event and now.event:
        return before.event.bus == now.event.bus
    return before.kind is now.kind
