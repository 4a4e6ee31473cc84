"""Keeps a crew under a name, checked as a submission is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.models import ModelRules
from stepcrew.domain.own_names import OwnNames
from stepcrew.domain.stored_crew import StoredCrew, next_version, pack
from stepcrew.domain.submission import Submission
from stepcrew.services.check_crew import examine_crew
from stepcrew.services.crew_ports import CrewStore
from stepcrew.services.ports import Clock
from stepcrew.services.read_crew import read_crew

_RACES = 5


class StoreCrew:
    """Stores a crew as the next version of its name. Storing the same again changes nothing."""

    def __init__(
        self,
        crews: CrewStore,
        clock: Clock,
        models: ModelRules,
        own_parts: Callable[[str], OwnNames],
        retention_days: int,
    ) -> None:
        """`own_parts` are what a group has registered, by its id."""
        self._crews = crews
        self._clock = clock
        self._models = models
        self._own_parts = own_parts
        self._retention_days = retention_days

    def __call__(
        self, group_id: str, name: str, config: dict[str, Any], inputs: dict[str, Any] | None, saved_by: str | None
    ) -> tuple[StoredCrew, bool]:
        """The crew as it is stored now, and whether this made a new version. Inputs that are not given are none of its
        faults: they come with each execution. Raises `InvalidRequest` with every fault."""
        rules = self._models, self._retention_days, self._own_parts(group_id)
        parsed = examine_crew(config, inputs, *rules, inputs_follow=True).sound()
        flow: dict[str, Any] = {"flow": parsed.flow} if parsed.flow else {}
        submission = Submission(definition=parsed.definition, inputs=parsed.inputs, **flow)
        return save_version(self._crews, group_id, name, submission, saved_by=saved_by, now=self._clock.now())


def roll_back(
    crews: CrewStore, group_id: str, name: str, version: int, *, saved_by: str | None, now: datetime
) -> tuple[StoredCrew, bool]:
    """Stores an earlier version again, as the latest one: no version changes, and none is lost. Raises
    `CrewNotFound`."""
    _, submission = read_crew(crews, group_id, name, version)
    return save_version(crews, group_id, name, submission, saved_by=saved_by, now=now)


def save_version(
    crews: CrewStore, group_id: str, name: str, submission: Submission, *, saved_by: str | None, now: datetime
) -> tuple[StoredCrew, bool]:
    """The latest version, and whether this made it. Raises `InvalidRequest` for a crew that is too large."""
    packed = pack(submission)
    for _ in range(_RACES):
        history = crews.history(group_id, name)
        crew = next_version(name, submission, history, saved_by=saved_by, now=now)
        if history and crew is history.latest:
            return crew, False
        if crews.add_version(group_id, crew, packed, seen=history):
            return crew, True
    raise PlatformUnavailable(f"The crew {name} changes too fast to be stored.")
