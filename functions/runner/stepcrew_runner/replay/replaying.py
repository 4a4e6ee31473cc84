"""One replay: the bundle's crew, or a changed one, in one attempt, and how its end compares to the execution's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from stepcrew.clock import SystemClock
from stepcrew.domain.approval import ENDING, Approval, DecisionKind
from stepcrew.domain.bundle import Bundle, NoBundle, stand_in
from stepcrew.domain.connection import ModelConnection, connection_of
from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.errors import Category, ExecutionError
from stepcrew.domain.execution import Execution, Limits, Progress, Status, TaskOutput
from stepcrew.domain.faults import EnoughFaults, Faults
from stepcrew.domain.flow import is_flow
from stepcrew.domain.flow_checks import examine_flow
from stepcrew.domain.parsing import ParsedCrew, read_crew
from stepcrew.domain.parts import models_asked
from stepcrew.domain.submission import Submission
from stepcrew_runner.attempt.ending import Outcome
from stepcrew_runner.attempt.run_attempt import Ports, Replay, RunAttempt, Stores
from stepcrew_runner.gate.gate import UNANSWERED
from stepcrew_runner.gate.journal import Source
from stepcrew_runner.replay.memory import MemoryInProcess
from stepcrew_runner.replay.stores import BundledJournal, Decided, Kept, NoFiles, OneExecution, Outputs, StandIns

SECONDS = 3600
FROM_OUTSIDE = {
    *(Category.BUDGET, Category.TIMEOUT, Category.CRASH, Category.PLATFORM, Category.CANCELLED),
    Category.MODEL_RATE_LIMIT,
}
"""Failures that no answer of the journal brings about: the replay of such an execution ends where its journal does."""


class Difference(NamedTuple):
    """`what` is `output` of the crew task `task`, or `end` of the crew. The texts are before and after."""

    what: str
    task: str | None
    before: str | None
    after: str | None


class Replayed(NamedTuple):
    """`unanswered` tells what the journal had no answer to; `asked_anew` counts requests and tool calls that were let
    out."""

    status: str
    error: ExecutionError | None
    differences: list[Difference]
    answered: int
    asked_anew: int
    unanswered: str | None
    outputs: list[TaskOutput]


def replay(
    bundle: Bundle, default_model: str, *, live: bool, config: dict[str, Any] | None, environment: Mapping[str, str]
) -> Replayed:
    """Raises `InvalidRequest` for a crew that is not accepted, and `NoBundle` for an execution of a project, whose code
    is not in the bundle. With `live`, what the journal has no answer to is let out, with the keys of `environment`."""
    if bundle.execution.runner and config is None:
        raise NoBundle(
            "The execution ran the Python of a project, which is not in the bundle.",
            remedy="Run it again with stepcrew rerun, or name a crew in its place with --crew.",
        )
    parsed = _crew(config or bundle.config, bundle.inputs)
    before, clock = bundle.execution, SystemClock()
    source = Source(before.group_id, before.execution_id)
    approvals, rejection = _decided(bundle.approvals)
    executions = OneExecution(
        _execution(before, len(parsed.definition.tasks), len(approvals), clock.now()),
        Submission(
            flow=parsed.flow,
            definition=parsed.definition,
            inputs=parsed.inputs,
            tools=list(bundle.tools),
            connections=_connections(bundle, parsed.definition),
        ),
    )
    names = {task.name for task in parsed.definition.tasks}
    outputs = Outputs([output for output in bundle.outputs if output.attempt == 0 and output.name in names])
    journal, decided, kept = BundledJournal(bundle, source), Decided(approvals), Kept()
    ports = Ports(
        Stores(*map(_any, (executions, outputs, journal, decided, kept, MemoryInProcess(), NoFiles(), NoFiles()))),
        queue=kept,
        secrets=StandIns(dict(environment) if live else {}),
        clock=clock,
        model_keys=_aws_keys(environment if live else {}),
    )
    run = RunAttempt(
        ports, default_model, replay=Replay(source, lets_out=live), default_embedder=bundle.default_embedder
    )
    outcome = run(before.group_id, _ID, lambda: SECONDS * 2.0).outcome
    status, error = _end(executions.record, outcome, decided.asked, rejection, before)
    unanswered = error.message if error and error.type == UNANSWERED else None
    ends_alike = _ends_alike(before, status, error)
    after = outputs.task_outputs("", "")
    return Replayed(
        status=status,
        error=error,
        differences=_differences(bundle.outputs, after, None if ends_alike else (before, status, error)),
        answered=sum(1 for event in kept.events if event.trace_metadata.get("replayed")),
        asked_anew=len(journal.written),
        unanswered=unanswered,
        outputs=after,
    )


_ID = "replay"


def _connections(bundle: Bundle, crew: CrewDefinition) -> list[ModelConnection]:
    """Those of the group, and stand-ins for the operator's: what was asked there is answered from the journal."""
    known = {one.name: one for one in (*bundle.connections, *bundle.operators)}
    asked = models_asked(crew, {name: one.fallbacks for name, one in known.items()})
    others = {name for _, settings in asked if (name := connection_of(settings.model))} - set(known)
    return [*known.values(), *map(stand_in, sorted(others))]


def _any(store: object) -> Any:
    """They have of the stores what an attempt uses."""
    return store


def _crew(config: dict[str, Any], inputs: dict[str, Any]) -> ParsedCrew:
    faults = Faults()
    parsed = None
    with suppress(EnoughFaults):
        parsed = examine_flow(config, inputs, faults) if is_flow(config) else read_crew(config, inputs, faults)
    if faults or parsed is None:
        raise faults.error("The crew")
    return parsed


def _execution(before: Execution, tasks: int, approvals: int, now: datetime) -> Execution:
    """Begins when the execution did, for crews that ask for the date; limits were what they were."""
    return Execution(
        execution_id=_ID,
        group_id=before.group_id,
        name=before.name,
        status=Status.PENDING,
        journalled=True,
        created_at=before.created_at,
        started_at=before.started_at,
        updated_at=now,
        deadline=now + timedelta(seconds=SECONDS),
        limits=Limits(),
        progress=Progress(tasks_total=tasks),
        approvals=approvals,
        crew=before.crew,
    )


def _decided(approvals: list[Approval]) -> tuple[list[Approval], Approval | None]:
    """What was decided, and apart from it the rejection that ended the execution: an attempt that knew it would end at
    once, without the tasks before it."""
    decided = [one for one in approvals if one.decision is not None]
    last = decided[-1] if decided else None
    if last is None or last.decision is None or last.decision.kind is not DecisionKind.REJECT:
        return decided, None
    return (decided[:-1], last) if last.kind in ENDING else (decided, None)


def _end(
    record: Execution, outcome: Outcome, asked: Approval | None, rejection: Approval | None, before: Execution
) -> tuple[str, ExecutionError | None]:
    if outcome is not Outcome.PARKED:
        return record.status.value, record.error
    if rejection is not None and asked is not None and (asked.kind, asked.key) == (rejection.kind, rejection.key):
        return before.status.value, before.error
    return Status.WAITING.value, None


def _ends_alike(before: Execution, status: str, error: ExecutionError | None) -> bool:
    if status == before.status.value and (error and error.type) == (before.error and before.error.type):
        return True
    from_outside = before.error is not None and before.error.category in FROM_OUTSIDE
    return from_outside and error is not None and error.type == UNANSWERED


def _differences(
    before: list[TaskOutput], after: list[TaskOutput], ends: tuple[Execution, str, ExecutionError | None] | None
) -> list[Difference]:
    old, new = {one.name: one for one in before}, {one.name: one for one in after}
    found = [
        Difference("output", name, _text(old.get(name)), _text(new.get(name)))
        for name in dict.fromkeys([*old, *new])
        if _text(old.get(name)) != _text(new.get(name))
    ]
    if ends is not None:
        execution, status, error = ends
        found.append(Difference("end", None, _told(execution.status.value, execution.error), _told(status, error)))
    return found


def _text(output: TaskOutput | None) -> str | None:
    return output and output.raw


def _told(status: str, error: ExecutionError | None) -> str:
    return f"{status}: {error.type}: {error.message}" if error else status


def _aws_keys(environment: Mapping[str, str]) -> Callable[[], Mapping[str, str]]:
    names = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
    given = {name: environment[name.upper()] for name in names if environment.get(name.upper())}
    return lambda: given or dict.fromkeys(names[:2], "stand-in")
