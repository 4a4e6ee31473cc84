"""A crew's plan: made once, and the same for every attempt of its execution."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from crewai import Crew
from pydantic import PrivateAttr

from stepcrew.domain.execution import Execution
from stepcrew.services.ports import PayloadStore
from stepcrew_runner.addresses import as_platform

PAYLOAD_ID = "plan"


class KeptPlan:
    """The descriptions of all crew tasks with their plans, as stored for later attempts."""

    def __init__(self, execution: Execution, payloads: PayloadStore) -> None:
        self._group_id, self._execution_id = execution.group_id, execution.execution_id
        self._payloads = payloads

    def read(self) -> list[str] | None:
        body = as_platform(self._payloads.get, self._group_id, self._execution_id, PAYLOAD_ID)
        return None if body is None else json.loads(body)

    def write(self, descriptions: list[str]) -> None:
        body = json.dumps(descriptions).encode()
        as_platform(self._payloads.put, self._group_id, self._execution_id, PAYLOAD_ID, body)


class PlannedCrew(Crew):
    """CrewAI's crew. With `planning`, a later attempt takes the plan of the first instead of paying for another."""

    _kept: KeptPlan | None = PrivateAttr(default=None)

    def keep_plan(self, kept: KeptPlan) -> None:
        self._kept = kept

    def _handle_crew_planning(self) -> None:
        plan = self._kept.read() if self._kept else None
        if plan is None:
            # CrewAI plans synchronously, and refuses to do so in a thread whose event loop is running.
            with ThreadPoolExecutor(1) as pool:
                pool.submit(copy_context().run, super()._handle_crew_planning).result()
            if self._kept:
                self._kept.write([task.description for task in self.tasks])
            return
        for task, description in zip(self.tasks, plan, strict=True):
            task.description = description
