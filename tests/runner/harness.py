"""A test harness for the runner: the real runner on in-memory ports, with a scripted model."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Sequence
from typing import Any

from scripted_model import ScriptedModel
from stepcrew.domain.approval import Decision
from stepcrew.domain.connection import ModelConnection
from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.execution import Execution, Limits, TaskOutput
from stepcrew.domain.faults import Faults
from stepcrew.domain.flow import is_flow
from stepcrew.domain.flow_checks import examine_flow
from stepcrew.domain.function_tool import FunctionTool
from stepcrew.domain.submission import Submission
from stepcrew.domain.trace import TraceEvent
from stepcrew_runner.attempt.run_attempt import Answer, Ports, RunAttempt, Stores
from tests.fakes.files import FakeFiles
from tests.fakes.flow_states import FakeFlowStates
from tests.fakes.knowledge import FakeKnowledge
from tests.fakes.memory import FakeMemory
from tests.fakes.secrets import FakeSecrets
from tests.runner.fakes import (
    FakeApprovals,
    FakeClock,
    FakeExecutions,
    FakeJournal,
    FakePayloads,
    FakeQueue,
    FakeTaskOutputs,
    new_execution,
)

GROUP = "group-a"
MODEL = "openai/gpt-4.1-mini"
EMBEDDER = "openai/text-embedding-3-small"
PATIENCE_SECONDS = 60
_numbers = itertools.count(1)


class Harness:
    """Submits crews and runs attempts. `remaining` is the time left that an invocation claims to have, in seconds."""

    def __init__(self, model: ScriptedModel) -> None:
        self.model = model
        self.clock = FakeClock()
        self.executions = FakeExecutions(self.clock)
        self.tasks = FakeTaskOutputs(self.executions)
        self.journal = FakeJournal()
        self.queue = FakeQueue()
        self.payloads = FakePayloads()
        self.memory = FakeMemory()
        self.files = FakeFiles()
        self.knowledge = FakeKnowledge()
        self.states = FakeFlowStates()
        self.secrets = FakeSecrets()
        self.remaining: Callable[[], float] = lambda: 900.0
        self.approvals = FakeApprovals(self.executions)
        self.slice_seconds = 0.0
        self.model_keys = {"aws_access_key_id": "ASIA", "aws_secret_access_key": "secret", "aws_session_token": "token"}
        self.ports = Ports(
            Stores(
                *(self.executions, self.tasks, self.journal, self.approvals, self.payloads),
                *(self.memory, self.files, self.knowledge, self.states),
            ),
            self.queue,
            self.secrets,
            self.clock,
            lambda: self.model_keys,
        )

    def submit(
        self,
        config: dict[str, Any],
        inputs: dict[str, Any] | None = None,
        limits: Limits | None = None,
        group_id: str = GROUP,
        *,
        tools: Sequence[FunctionTool] = (),
        connections: Sequence[ModelConnection] = (),
    ) -> str:
        execution_id = f"execution-{next(_numbers)}"
        flow = examine_flow(config, inputs or {}, Faults()) if is_flow(config) else None
        definition = flow.definition if flow else CrewDefinition.model_validate(config)
        execution = new_execution(execution_id, len(definition.tasks), self.clock.now(), limits or Limits(), group_id)
        self.executions.add(
            execution,
            Submission(
                flow=flow and flow.flow,
                definition=definition,
                inputs=inputs or {},
                tools=list(tools),
                connections=list(connections),
            ),
        )
        return execution_id

    def attempt(self, execution_id: str, group_id: str = GROUP) -> Answer:
        run = RunAttempt(self.ports, MODEL, self.slice_seconds, default_embedder=EMBEDDER)
        return run(group_id, execution_id, lambda: self.remaining())

    def decide(self, execution_id: str, decision: str, **fields: Any) -> None:
        """What a person answers to the open question; `decided_by` null means that nobody did. Then it gets a slot."""
        made = Decision.model_validate(
            {"kind": decision, "decided_by": "ada@example.com", "decided_at": self.clock.now(), **fields}
        )
        execution = self.executions.get(GROUP, execution_id)
        self.approvals.decide(execution, made, deadline=execution.deadline, now=self.clock.now())
        self.executions.change(execution_id, queued_at=None)

    def run(self, config: dict[str, Any], inputs: dict[str, Any] | None = None, limits: Limits | None = None) -> Ended:
        execution_id = self.submit(config, inputs, limits)
        answer = self.attempt(execution_id)
        return self.ended(execution_id, answer)

    def ended(self, execution_id: str, answer: Answer) -> Ended:
        return Ended(
            answer,
            self.executions.get(GROUP, execution_id),
            self.queue.events(execution_id),
            self.tasks.task_outputs(GROUP, execution_id),
        )

    def kept(self) -> tuple[Any, ...]:
        """What survives a process: the table and the bucket."""
        return (
            *self.executions.kept(),
            self.tasks.kept(),
            self.journal.kept(),
            self.payloads.bodies,
            self.memory.kept(),
        )

    def restore(self, kept: tuple[Any, ...]) -> None:
        *executions, tasks, journal, self.payloads.bodies, memory = kept
        self.memory.restore(memory)
        self.executions.restore(*executions)
        self.tasks.restore(tasks)
        self.journal.restore(journal)

    def in_background(self, execution_id: str) -> Background:
        return Background(self, execution_id)


class Ended:
    """What an attempt left behind."""

    def __init__(
        self, answer: Answer, execution: Execution, events: list[TraceEvent], outputs: list[TaskOutput]
    ) -> None:
        self.answer = answer
        self.execution = execution
        self.events = events
        self.outputs = outputs

    @property
    def outcome(self) -> str:
        return self.answer.outcome.value

    @property
    def types(self) -> list[str]:
        return [event.event_type for event in self.events]

    def of(self, *types: str) -> list[TraceEvent]:
        return [event for event in self.events if event.event_type in types]


class Background(threading.Thread):
    """An attempt in a thread of its own, so that the test can interfere."""

    def __init__(self, harness: Harness, execution_id: str) -> None:
        super().__init__(daemon=True)
        self._harness = harness
        self._execution_id = execution_id
        self._answer: Answer | None = None
        self._error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self._answer = self._harness.attempt(self._execution_id)
        except BaseException as error:  # noqa: BLE001 - the thread's boundary: `ended` raises it in the test
            self._error = error

    def ended(self) -> Ended:
        self.join(PATIENCE_SECONDS)
        if self._error:
            raise self._error
        assert self._answer is not None, "The attempt does not end."
        return self._harness.ended(self._execution_id, self._answer)


def agent(role: str = "Worker", **more: Any) -> dict[str, Any]:
    return {"role": role, "goal": "Do it", "backstory": "Has done it before.", **more}


def task(description: str, name: str = "task", **more: Any) -> dict[str, Any]:
    return {"name": name, "description": description, "expected_output": "Text.", "agent": "worker", **more}


def crew(*tasks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"agents": {"worker": agent()}, "tasks": list(tasks), **more}
