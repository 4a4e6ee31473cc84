"""Accepts a crew: checks it whole, stores it in one transaction, starts its state machine once it has a slot."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any, NamedTuple, cast

from stepcrew.domain.canonical import canonical_json, digest
from stepcrew.domain.errors import (
    AlreadyExists,
    ExecutionNotFound,
    IdempotencyInFlight,
    IdempotencyMismatch,
    InvalidRequest,
    TooManyOpen,
)
from stepcrew.domain.execution import BatchPlace, Execution, Limits, Progress, Status
from stepcrew.domain.faults import EnoughFaults, Faults
from stepcrew.domain.limits import effective
from stepcrew.domain.models import ModelRules
from stepcrew.domain.parsing import ParsedCrew
from stepcrew.domain.parts import models_of
from stepcrew.domain.places import Places
from stepcrew.domain.project import ProjectVersion
from stepcrew.domain.references import told_of_request
from stepcrew.domain.stored_crew import CrewVersion, split_reference
from stepcrew.domain.submission import IdempotencyRecord, Submission, fingerprint
from stepcrew.domain.trace_context import trace_id_of
from stepcrew.domain.usage_sums import crew_of
from stepcrew.services.check_crew import check_size, examine_crew
from stepcrew.services.crew_ports import CrewStore
from stepcrew.services.fill_slots import FillSlots
from stepcrew.services.find_missing_files import FindMissingFiles
from stepcrew.services.find_missing_secrets import FindMissingSecrets
from stepcrew.services.known_request import known_request
from stepcrew.services.own_parts import OwnParts
from stepcrew.services.ports import Clock, ExecutionStore, LimitStore
from stepcrew.services.price_ports import PriceStore
from stepcrew.services.read_crew import read_crew
from stepcrew.services.unknown_webhooks import unknown_webhooks
from stepcrew.services.watch_budgets import WatchBudgets
from stepcrew.services.webhook_ports import WebhookNames

PENDING_MESSAGE = "Waiting to start…"

logger = logging.getLogger(__name__)


class CrewSubmission(NamedTuple):
    """What the caller sent, and who they are. One of `config` and `crew` is set: the crew itself, or the stored one's
    name, perhaps with a version (`name@3`). No caller sends `project`: it is what an earlier execution ran."""

    group_id: str
    submitted_by: str | None
    config: dict[str, Any] | None
    inputs: dict[str, Any] | None = None
    name: str | None = None
    limits: Limits | None = None
    idempotency_key: str | None = None
    crew: str | None = None
    project: Submission | None = None
    key_hours: int = 24
    source: str = "api"
    triggered_by: Sequence[str] = ()
    webhooks: Sequence[str] = ()
    batch: BatchPlace | None = None
    traceparent: str | None = None
    debug: bool = False


class CheckedCrew(NamedTuple):
    """`limits` are those the execution would have: what was asked for, under the group's rules. `crew` is the stored
    crew that was named, `own` is what the group has registered."""

    parsed: ParsedCrew
    limits: Limits
    crew: CrewVersion | None = None
    project: ProjectVersion | None = None
    own: OwnParts | None = None


class Prepared(NamedTuple):
    """What is about to be stored. `store_first` writes what must be there before the execution is."""

    execution: Execution
    submission: Submission
    store_first: Callable[[], None] = lambda: None


class Accepted(NamedTuple):
    execution: Execution
    replayed: bool


class SubmitExecution:
    """Submits a crew. Every call may be repeated. What is stored is accepted: if the process dies, or the state machine
    does not answer, the execution stays PENDING until the same request is repeated or the sweep starts it. An error
    would make callers without an idempotency key submit it twice."""

    def __init__(
        self,
        executions: ExecutionStore,
        clock: Clock,
        new_id: Callable[[], str],
        models: ModelRules,
        limits: LimitStore,
        crews: CrewStore,
        missing_secrets: FindMissingSecrets,
        missing_files: FindMissingFiles,
        fill_slots: FillSlots,
        webhooks: WebhookNames,
        own_parts: Callable[[str], OwnParts],
        prices: PriceStore,
        watch_budgets: WatchBudgets,
        retention_days: int,
    ) -> None:
        self._executions = executions
        self._clock = clock
        self._new_id = new_id
        self._models = models
        self._limits = limits
        self._crews = crews
        self._missing_secrets = missing_secrets
        self._missing_files = missing_files
        self._fill_slots = fill_slots
        self._webhooks = webhooks
        self._own_parts = own_parts
        self._prices = prices
        self.watch_budgets = watch_budgets
        self._retention_days = retention_days

    @property
    def default_model(self) -> str:
        """The model of a crew that names none; empty when the operator set none."""
        return self._models.default

    def check(self, request: CrewSubmission, coming: Collection[str] = ()) -> CheckedCrew:
        """Raises `InvalidRequest` with every fault, and `CrewNotFound`; nothing is stored. Files named in `coming` need
        not be there yet."""
        if request.project is not None:
            return self._project(request, None, request.project, request.inputs or {})
        stored, config, inputs = None, request.config or {}, request.inputs
        if request.crew is not None:
            crew, submission = read_crew(self._crews, request.group_id, *split_reference(request.crew))
            stored = CrewVersion(name=crew.name, version=crew.version)
            inputs = {**submission.inputs, **(request.inputs or {})}
            if submission.project:
                return self._project(request, stored, submission, inputs)
            config = submission.config
        own = self._own_parts(request.group_id)
        parsed, faults = examine_crew(config, inputs, self._models, self._retention_days, own)
        found, limits = Faults(), Limits()
        with suppress(EnoughFaults):
            found.add_all(told_of_request(fault, "/crew") if stored else fault for fault in faults)
            if parsed is not None:
                missing = self._missing_secrets(request.group_id, parsed, own)
                for told in (missing, self._missing_files(request.group_id, parsed, coming)):
                    found.add_all(told_of_request(fault, "/crew") if stored else fault for fault in told)
            found.add_all(unknown_webhooks(self._webhooks, request.group_id, request.webhooks))
            try:
                limits = effective(request.limits, self._limits.limit_rules(request.group_id))
            except InvalidRequest as error:
                found.add_all(error.faults)
        if found or parsed is None:
            raise found.error("The crew")
        return CheckedCrew(parsed, limits, stored, own=own)

    def _project(
        self, request: CrewSubmission, stored: CrewVersion | None, submission: Submission, inputs: dict[str, Any]
    ) -> CheckedCrew:
        """What holds for every crew is checked, and the secrets that its code was found to need."""
        faults = Faults()
        check_size(inputs, faults)
        faults.add_all(unknown_webhooks(self._webhooks, request.group_id, request.webhooks))
        parsed = ParsedCrew(submission.definition, inputs, Places(), faults, set())
        faults.add_all(self._missing_files(request.group_id, parsed))
        if submission.project:
            faults.add_all(self._missing_secrets.of_project(request.group_id, submission.project))
        if faults:
            raise faults.error("The crew")
        limits = effective(request.limits, self._limits.limit_rules(request.group_id))
        return CheckedCrew(parsed, limits, stored, submission.project)

    def __call__(self, request: CrewSubmission) -> Accepted:
        return self.accept(request, hash_of(request), lambda: self.prepare(request))

    def prepare(self, request: CrewSubmission) -> Prepared:
        """What would be stored. Raises as `check` does."""
        checked = self.check(request)
        parsed = checked.parsed
        fields: dict[str, Any] = {"definition": parsed.definition, "inputs": parsed.inputs}
        if checked.own:
            fields |= checked.own.kept_for(parsed.definition)
        fields |= {name: one for name, one in (("project", checked.project), ("flow", parsed.flow)) if one}
        if prices := self._prices.price_list(request.group_id).models:
            fields["model_prices"] = prices
        submission = Submission(**fields)
        return Prepared(self._new_execution(request, checked, fingerprint(submission)), submission)

    def accept(self, request: CrewSubmission, body_hash: str, prepare: Callable[[], Prepared]) -> Accepted:
        """Stores and starts what `prepare` makes, unless the idempotency key stands for an execution already."""
        if request.idempotency_key and (known := self._known(request, body_hash)):
            return known
        execution, submission, store_first = prepare()
        self._check_room(request.group_id)
        self.watch_budgets.check(request.group_id, crew_of(execution))
        store_first()
        record = None
        if request.idempotency_key:
            record = IdempotencyRecord(
                key=request.idempotency_key,
                body_hash=body_hash,
                execution_id=execution.execution_id,
                hours=request.key_hours,
            )
        try:
            self._executions.create(execution, submission, record)
        except AlreadyExists as error:
            # A request with the same key won the race between our look and our write.
            known = self._known(request, body_hash) if request.idempotency_key else None
            if known is None:
                raise IdempotencyInFlight from error
            return known
        told = {"group_id": execution.group_id, "execution_id": execution.execution_id, "source": execution.source}
        logger.info("Execution accepted", extra={**told, "trace_id": trace_id_of(execution)})
        self._fill_slots(execution.group_id)
        return Accepted(execution, replayed=False)

    def _check_room(self, group_id: str) -> None:
        """Requests that arrive at the same moment may pass it together: the count is eventually consistent."""
        most = self._limits.limit_rules(group_id).open_executions
        if self._executions.count_open(group_id, most) >= most:
            raise TooManyOpen(f"The group has {most} open executions, and may have no more at the same time.")

    def _known(self, request: CrewSubmission, body_hash: str) -> Accepted | None:
        key = request.idempotency_key or ""
        record = known_request(self._executions, self._clock, request.group_id, key, body_hash)
        if record is None:
            return None
        try:
            execution = self._executions.get(request.group_id, record.execution_id)
        except ExecutionNotFound as error:
            raise IdempotencyMismatch("The execution made with this Idempotency-Key was deleted.") from error
        if execution.status is Status.PENDING:
            self._fill_slots.see_to(execution)
        return Accepted(execution, replayed=True)

    def _new_execution(self, request: CrewSubmission, checked: CheckedCrew, definition_hash: str) -> Execution:
        now, crew, limits = self._clock.now(), checked.parsed.definition, checked.limits
        models = models_of(crew, self._models.default)
        return Execution(
            journalled=True,
            proof={},
            execution_id=self._new_id(),
            group_id=request.group_id,
            name=name_of(request, checked),
            status=Status.PENDING,
            message=PENDING_MESSAGE,
            process=crew.process,
            model=models[0] if len(models) == 1 else None,
            source=request.source,
            triggered_by=list(request.triggered_by),
            submitted_by=request.submitted_by,
            webhooks=list(dict.fromkeys(request.webhooks)),
            batch=request.batch,
            traceparent=request.traceparent,
            debug=request.debug,
            created_at=now,
            updated_at=now,
            queued_at=now,
            deadline=now + timedelta(seconds=limits.timeout_seconds),
            limits=limits,
            progress=Progress(tasks_total=len(crew.tasks)),
            definition_hash=definition_hash,
            crew=checked.crew,
            runner=checked.project.function if checked.project else None,
        )


def name_of(request: CrewSubmission, checked: CheckedCrew) -> str:
    """What the execution is called."""
    return request.name or (checked.crew.name if checked.crew else checked.parsed.definition.name)


def hash_of(request: CrewSubmission) -> str:
    """Of a request's body: the same for every order of keys, except where order has a meaning: tasks run in the order
    of their mapping."""
    given = [(request.config or {}).get(field) for field in ("tasks", "tasks_yaml")]
    order = [list(cast("dict[str, Any]", tasks)) for tasks in given if isinstance(tasks, dict)]
    body: list[object] = [request.config, request.inputs, request.name, request.limits, order]
    if request.crew is not None:
        body.append(request.crew)  # as it was written: a new version does not make another request of it
    if request.webhooks:
        body.append(list(request.webhooks))
    if request.debug:
        body.append("debug")
    return digest(canonical_json(body, sort_keys=True))
