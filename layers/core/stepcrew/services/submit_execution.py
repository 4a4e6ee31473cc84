"""Accepts a crew: checks it whole, stores it in one transaction, starts its state machine."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple, cast

from stepcrew.domain.errors import (
    AlreadyExists,
    ExecutionNotFound,
    Fault,
    IdempotencyInFlight,
    IdempotencyMismatch,
    InvalidRequest,
    PlatformUnavailable,
)
from stepcrew.domain.execution import Execution, Limits, Progress, Status
from stepcrew.domain.limits import effective
from stepcrew.domain.parsing import ParsedCrew, parse_crew
from stepcrew.domain.parts import models_of
from stepcrew.domain.references import ModelRules, check_references
from stepcrew.domain.submission import IdempotencyRecord, Submission, fingerprint
from stepcrew.services.ports import Clock, ExecutionStore, LimitStore, Orchestrator

logger = logging.getLogger(__name__)

PENDING_MESSAGE = "Waiting to start…"
MAX_INPUTS_BYTES = 1_000_000


class CrewSubmission(NamedTuple):
    """What the caller sent, and who they are."""

    group_id: str
    submitted_by: str | None
    config: dict[str, Any]
    inputs: dict[str, Any] | None = None
    name: str | None = None
    limits: Limits | None = None
    idempotency_key: str | None = None


class CheckedCrew(NamedTuple):
    """`limits` are those the execution would have: what was asked for, under the group's rules."""

    parsed: ParsedCrew
    limits: Limits


class Accepted(NamedTuple):
    execution: Execution
    replayed: bool


class SubmitExecution:
    """Every call may be repeated. What is stored is accepted: if the process dies, or the state machine does not
    answer, the execution stays PENDING until the same request is repeated or the sweep starts it."""

    def __init__(
        self,
        executions: ExecutionStore,
        orchestrator: Orchestrator,
        clock: Clock,
        new_id: Callable[[], str],
        models: ModelRules,
        limits: LimitStore,
        retention_days: int,
    ) -> None:
        self._executions = executions
        self._orchestrator = orchestrator
        self._clock = clock
        self._new_id = new_id
        self._models = models
        self._limits = limits
        self._retention_days = retention_days

    @property
    def default_model(self) -> str:
        """The model of a crew that names none; empty when the operator set none."""
        return self._models.default

    def check(self, request: CrewSubmission) -> CheckedCrew:
        """Raises `InvalidRequest` with every fault; nothing is stored."""
        faults: list[Fault] = []
        limits = Limits()
        try:
            limits = effective(request.limits, self._limits.limit_rules(request.group_id))
        except InvalidRequest as error:
            faults += error.faults
        try:
            parsed = parse_crew(request.config, request.inputs)
            check_references(parsed, self._models, self._retention_days)
        except InvalidRequest as error:
            raise (InvalidRequest(error.message, error.faults + faults) if faults else error) from error
        if len(json.dumps(parsed.inputs)) > MAX_INPUTS_BYTES:
            faults.append(Fault(pointer="/inputs", code="too_large", detail="The inputs are larger than 1 MB."))
        if faults:
            raise InvalidRequest(faults[0].detail, faults)
        return CheckedCrew(parsed, limits)

    def __call__(self, request: CrewSubmission) -> Accepted:
        body_hash = _hash(request)
        if request.idempotency_key and (known := self._known(request, body_hash)):
            return known
        parsed, limits = self.check(request)
        submission = Submission(definition=parsed.definition, inputs=parsed.inputs)
        execution = self._new_execution(request, parsed, limits, fingerprint(submission))
        record = None
        if request.idempotency_key:
            record = IdempotencyRecord(
                key=request.idempotency_key, body_hash=body_hash, execution_id=execution.execution_id
            )
        try:
            self._executions.create(execution, submission, record)
        except AlreadyExists as error:
            # A request with the same key won the race between our look and our write.
            known = self._known(request, body_hash) if request.idempotency_key else None
            if known is None:
                raise IdempotencyInFlight("The same request is being handled at this moment.") from error
            return known
        self._start(execution)
        return Accepted(execution, replayed=False)

    def _known(self, request: CrewSubmission, body_hash: str) -> Accepted | None:
        record = self._executions.idempotency(request.group_id, request.idempotency_key or "")
        if record is None:
            return None
        if record.body_hash != body_hash:
            raise IdempotencyMismatch("This Idempotency-Key was used before with another body.")
        try:
            execution = self._executions.get(request.group_id, record.execution_id)
        except ExecutionNotFound as error:
            raise IdempotencyMismatch("The execution made with this Idempotency-Key was deleted.") from error
        if execution.status is Status.PENDING:
            self._start(execution)
        return Accepted(execution, replayed=True)

    def _start(self, execution: Execution) -> None:
        try:
            self._orchestrator.start(execution)
        except PlatformUnavailable:
            # It is stored, so it is accepted: answering an error would make callers without a key submit it twice.
            logger.warning("Execution %s was not started; the sweep will.", execution.execution_id)

    def _new_execution(
        self, request: CrewSubmission, parsed: ParsedCrew, limits: Limits, definition_hash: str
    ) -> Execution:
        now, crew = self._clock.now(), parsed.definition
        models = models_of(crew, self._models.default)
        return Execution(
            execution_id=self._new_id(),
            group_id=request.group_id,
            name=request.name or crew.name,
            status=Status.PENDING,
            message=PENDING_MESSAGE,
            process=crew.process,
            model=models[0] if len(models) == 1 else None,
            submitted_by=request.submitted_by,
            created_at=now,
            updated_at=now,
            deadline=now + timedelta(seconds=limits.timeout_seconds),
            limits=limits,
            progress=Progress(tasks_total=len(crew.tasks)),
            definition_hash=definition_hash,
        )


def _hash(request: CrewSubmission) -> str:
    """The same for every order of keys, except where order has a meaning: tasks run in the order of their mapping."""
    limits = request.limits.model_dump(mode="json") if request.limits else None
    given = [request.config.get(field) for field in ("tasks", "tasks_yaml")]
    order = [list(cast("dict[str, Any]", tasks)) for tasks in given if isinstance(tasks, dict)]
    body = [request.config, request.inputs, request.name, limits, order]
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
