"""Keeps a crew under a name, checked as a submission is."""

from __future__ import annotations

from typing import Any

from stepcrew.domain.references import ModelRules
from stepcrew.domain.stored_crew import StoredCrew
from stepcrew.domain.submission import Submission
from stepcrew.services.check_crew import examine_crew
from stepcrew.services.ports import Clock, CrewStore


class StoreCrew:
    """Storing the same again changes nothing."""

    def __init__(self, crews: CrewStore, clock: Clock, models: ModelRules, retention_days: int) -> None:
        self._crews = crews
        self._clock = clock
        self._models = models
        self._retention_days = retention_days

    def __call__(
        self, group_id: str, name: str, config: dict[str, Any], inputs: dict[str, Any] | None, saved_by: str | None
    ) -> tuple[StoredCrew, bool]:
        """The crew as it is stored now, and whether this made a new version. Inputs that are not given are none of its
        faults: they come with each execution. Raises `InvalidRequest` with every fault."""
        parsed = examine_crew(config, inputs, self._models, self._retention_days, inputs_follow=True).sound()
        submission = Submission(definition=parsed.definition, inputs=parsed.inputs)
        return self._crews.save(group_id, name, submission, saved_by=saved_by, now=self._clock.now())
