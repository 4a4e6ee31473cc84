"""CrewAI's crew, as one of several attempts at the same execution."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

from crewai import Crew
from pydantic import PrivateAttr

from stepcrew.domain.execution import Execution
from stepcrew.services.ports import PayloadStore
from stepcrew_runner.isolation.addresses import as_platform
from stepcrew_runner.isolation.redaction import Redactor

PAYLOAD_ID = "plan"


class KeptPlan:
    """The descriptions of all crew tasks with their plans, as stored for later attempts, without secrets."""

    def __init__(self, execution: Execution, payloads: PayloadStore, redactor: Redactor) -> None:
        self._group_id, self._execution_id = execution.group_id, execution.execution_id
        self._payloads = payloads
        self._redactor = redactor

    def read(self) -> list[str] | None:
        body = as_platform(self._payloads.get, self._group_id, self._execution_id, PAYLOAD_ID)
        return None if body is None else json.loads(body)

    def write(self, descriptions: list[str]) -> None:
        body = json.dumps(self._redactor.json(descriptions)).encode()
        as_platform(self._payloads.put, self._group_id, self._execution_id, PAYLOAD_ID, body)


class _NoStorage:
    """In place of CrewAI's database file of the last run's outputs: ours are in the table, and a file in a warm process
    would show one execution's outputs to the next."""

    def reset(self) -> None:
        pass

    def update(self, task_index: int, log: dict[str, Any]) -> None:
        pass

    def load(self) -> list[dict[str, Any]]:
        return []


class SlicedCrew(Crew):
    """With `planning`, a later attempt takes the plan of the first instead of paying for another."""

    _task_output_handler: Any = PrivateAttr(default_factory=_NoStorage)
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
