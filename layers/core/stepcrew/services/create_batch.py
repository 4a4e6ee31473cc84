"""Accepts a batch: checks it, keeps its inputs, starts its state machine."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pydantic import JsonValue

from stepcrew.domain.batch import (
    DEFAULT_TOLERATED_FAILURES,
    MOST_INPUT_BYTES,
    MOST_OPEN_BATCHES,
    MOST_ROWS,
    Batch,
    RowReference,
)
from stepcrew.domain.canonical import canonical_json, digest
from stepcrew.domain.errors import (
    AlreadyExists,
    IdempotencyInFlight,
    InvalidRequest,
    PlatformUnavailable,
    TooManyOpen,
)
from stepcrew.domain.execution import Limits
from stepcrew.domain.files import GroupFile
from stepcrew.domain.row_texts import rows_of, text_of
from stepcrew.domain.stored_crew import split_reference
from stepcrew.domain.submission import IdempotencyRecord
from stepcrew.services.batch_ports import BatchInputs, BatchOrchestrator, BatchStore
from stepcrew.services.file_ports import FileStore
from stepcrew.services.known_request import known_request
from stepcrew.services.ports import Clock, ExecutionStore, LimitStore
from stepcrew.services.submit_execution import CheckedCrew, CrewSubmission, SubmitExecution, name_of
from stepcrew.services.trigger_ports import Inbox

logger = logging.getLogger(__name__)


class BatchSubmission(NamedTuple):
    """What the caller sent, and who they are. `rows` are the inputs of each execution."""

    group_id: str
    submitted_by: str | None
    crew: str
    rows: Sequence[JsonValue]
    name: str | None = None
    limits: Limits | None = None
    max_concurrency: int | None = None
    tolerated_failures: int | None = None
    webhooks: Sequence[str] = ()
    idempotency_key: str | None = None
    traceparent: str | None = None


class AcceptedBatch(NamedTuple):
    batch: Batch
    replayed: bool


class CreateBatch:
    """The first row is checked as a submission is, so that a wrong crew, wrong names of inputs, or a used-up budget are
    told at once. Of the others each is checked when its turn comes."""

    def __init__(
        self,
        batches: BatchStore,
        inputs: BatchInputs,
        orchestrator: BatchOrchestrator,
        submit: SubmitExecution,
        executions: ExecutionStore,
        limits: LimitStore,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._batches = batches
        self._inputs = inputs
        self._orchestrator = orchestrator
        self._submit = submit
        self._executions = executions
        self._limits = limits
        self._clock = clock
        self._new_id = new_id

    def __call__(self, request: BatchSubmission) -> AcceptedBatch:
        """The same idempotency key with the same request is one batch. Raises `InvalidRequest`, `CrewNotFound`,
        `TooManyOpen`, `BudgetUsedUp`, `IdempotencyMismatch` and `IdempotencyInFlight`; nothing is stored then."""
        record = _record(request) if request.idempotency_key else None
        if record and (known := self._known(request.group_id, record)):
            return AcceptedBatch(known, replayed=True)
        batch, rows = self._prepared(request)
        check_room(self._batches, request.group_id)
        self._submit.watch_budgets.check(request.group_id, split_reference(request.crew)[0])
        self._keep(batch, rows)
        try:
            self._batches.create(batch, record and record.model_copy(update={"execution_id": batch.batch_id}))
        except AlreadyExists as error:
            # A request with the same key won the race between our look and our write.
            known = self._known(request.group_id, record) if record else None
            if known is None:
                raise IdempotencyInFlight from error
            return AcceptedBatch(known, replayed=True)
        start_round(self._orchestrator, batch)
        return AcceptedBatch(batch, replayed=False)

    def _known(self, group_id: str, record: IdempotencyRecord) -> Batch | None:
        found = known_request(self._executions, self._clock, group_id, record.key, record.body_hash)
        return found and self._batches.get(group_id, found.execution_id)

    def _prepared(self, request: BatchSubmission) -> tuple[Batch, list[dict[str, Any]]]:
        rows = _checked_rows(request.rows)
        concurrency = self._concurrency(request)
        submission = CrewSubmission(
            group_id=request.group_id,
            submitted_by=request.submitted_by,
            config=None,
            crew=request.crew,
            inputs=rows[0],
            name=request.name,
            limits=request.limits,
            webhooks=request.webhooks,
        )
        checked = self._submit.check(submission)
        tolerated = request.tolerated_failures
        now = self._clock.now()
        batch = Batch(
            batch_id=self._new_id(),
            group_id=request.group_id,
            name=name_of(submission, checked),
            crew=_one_version(request.crew, checked),
            total=len(rows),
            rows_in_round=len(rows),
            max_concurrency=concurrency,
            tolerated_failures=DEFAULT_TOLERATED_FAILURES if tolerated is None else tolerated,
            limits=checked.limits,
            webhooks=list(dict.fromkeys(request.webhooks)),
            submitted_by=request.submitted_by,
            traceparent=request.traceparent,
            created_at=now,
            updated_at=now,
        )
        return batch, rows

    def _concurrency(self, request: BatchSubmission) -> int:
        """At most as many as the group has slots, and half of them where nothing was asked for, so that single
        submissions find free ones."""
        slots = self._limits.limit_rules(request.group_id).running_executions
        asked = request.max_concurrency
        if asked is not None and asked > slots:
            told = f"max_concurrency = {asked} is more than the group's executions that may run at once, {slots}."
            raise InvalidRequest.at("/max_concurrency", "above_ceiling", told, f"Ask for at most {slots}.")
        return asked or max(1, slots // 2)

    def _keep(self, batch: Batch, rows: Sequence[dict[str, Any]]) -> None:
        whole = bytearray()
        references: list[RowReference] = []
        for number, row in enumerate(rows, start=1):
            first = len(whole)
            whole += json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            references.append(RowReference(batch.group_id, batch.batch_id, batch.round, number, first, len(whole) - 2))
        if len(whole) > MOST_INPUT_BYTES:
            told = f"The inputs have {len(whole):,} bytes; {MOST_INPUT_BYTES:,} are allowed."
            raise InvalidRequest.at("/inputs", "too_large", told)
        self._inputs.write(batch.group_id, batch.batch_id, bytes(whole))
        self._inputs.write_round(batch.group_id, batch.batch_id, batch.round, references)


class RowsOfBatch:
    """The rows that a request names."""

    def __init__(self, files: FileStore, inbox: Inbox, bucket: str) -> None:
        self._files = files
        self._inbox = inbox
        self._bucket = bucket

    def __call__(
        self, group_id: str, inputs: Sequence[JsonValue] | None, file: str | None, s3: str | None
    ) -> Sequence[JsonValue]:
        """`inputs` themselves; those in the group's file of the name `file`, or, where it has none of that name, in an
        object of its folder in the inbox; or those in the object that has the address `s3`. Raises `InvalidRequest`."""
        if inputs is not None:
            return inputs
        pointer = "/file" if file else "/s3"
        own = f"s3://{self._bucket}/{group_id}/"
        if s3 and not s3.startswith(own):
            told = f"Only objects below {own} can be read."
            raise InvalidRequest.at(pointer, "not_readable", told)
        name = file or (s3 or "").removeprefix(own)
        try:
            known = self._files.file(group_id, name) if file else None
            body = self._of_file(group_id, known) if known else self._of_object(group_id, name, is_file=bool(file))
            return _objects(rows_of(name, text_of(body, MOST_INPUT_BYTES)))
        except InvalidRequest as error:
            raise InvalidRequest.at(pointer, "unreadable", error.message) from error

    def _of_file(self, group_id: str, file: GroupFile) -> bytes:
        if file.bytes > MOST_INPUT_BYTES:
            raise InvalidRequest(f"The file {file.name} is larger than {MOST_INPUT_BYTES:,} bytes.")
        body = self._files.read(group_id, file)
        if body is None:
            raise InvalidRequest(f"The file {file.name} was replaced or removed just now.")
        return body

    def _of_object(self, group_id: str, name: str, *, is_file: bool) -> bytes:
        body = self._inbox.read(f"{group_id}/{name}", None, "", MOST_INPUT_BYTES)
        if body is None:
            file = f"no file {name} and " if is_file else ""
            raise InvalidRequest(f"The group has {file}no object {name} in the inbox.")
        return body


def _objects(rows: list[Any]) -> list[Any]:
    wrong = next((number for number, row in enumerate(rows, start=1) if not isinstance(row, dict)), None)
    if wrong is not None:
        raise InvalidRequest(f"Row {wrong} is no object with the crew's inputs by name.")
    return rows


def _record(request: BatchSubmission) -> IdempotencyRecord:
    """Of the request's key; it does not name its batch yet."""
    body = request._replace(submitted_by=None, idempotency_key=None, traceparent=None)._asdict()
    return IdempotencyRecord(
        key=f"batches/{request.idempotency_key}",
        body_hash=digest(canonical_json(body, sort_keys=True)),
        execution_id="",
    )


def check_room(batches: BatchStore, group_id: str) -> None:
    """Raises `TooManyOpen`. Requests that arrive at the same moment may pass it together."""
    newest = batches.newest(group_id, before=None, limit=100)
    if sum(not batch.status.is_terminal for batch in newest) >= MOST_OPEN_BATCHES:
        raise TooManyOpen(
            f"The group has {MOST_OPEN_BATCHES} open batches, and may have no more at the same time.",
            remedy="Wait for the end of one, or cancel one.",
        )


def start_round(orchestrator: BatchOrchestrator, batch: Batch) -> None:
    """What is stored is accepted: a start that fails is made up for by the sweep."""
    try:
        orchestrator.start(batch)
    except PlatformUnavailable:
        told = {"group_id": batch.group_id, "batch_id": batch.batch_id}
        logger.warning("The batch was not started; the sweep will.", extra=told)


def _checked_rows(rows: Sequence[JsonValue]) -> list[dict[str, Any]]:
    if not rows or len(rows) > MOST_ROWS:
        told = f"A batch has between 1 and {MOST_ROWS:,} rows; this one has {len(rows):,}."
        raise InvalidRequest.at("/inputs", "number_of_rows", told)
    found = [row for row in rows if isinstance(row, dict)]
    if len(found) < len(rows):
        wrong = next(place for place, row in enumerate(rows) if not isinstance(row, dict))
        told = f"Row {wrong + 1} is no object."
        remedy = "Write each row as an object with the crew's inputs by name."
        raise InvalidRequest.at(f"/inputs/{wrong}", "no_object", told, remedy)
    return found


def _one_version(asked: str, checked: CheckedCrew) -> str:
    """The version that is the newest now, so that all rows run the same."""
    return f"{checked.crew.name}@{checked.crew.version}" if checked.crew else asked
