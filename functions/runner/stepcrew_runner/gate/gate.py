"""The one place through which calls of models, tools and the group's stores leave an attempt.

In this order: an answer from the journal; else stop, if there is a reason to; else let the call out, write down what it
brought, and hand it to the crew. The gate is shut when the attempt is over: nothing of it begins afterwards.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from decimal import Decimal

from stepcrew.domain.approval import ApprovalKind
from stepcrew.domain.errors import Category, ExecutionError, PlatformUnavailable
from stepcrew.domain.event_size import label
from stepcrew.domain.execution import CancelReceipt, Execution
from stepcrew.domain.journal import CREW_SCOPE, EntryKey, EntryKind, EntryState, JournalEntry, usage_of
from stepcrew.domain.model_prices import ModelPrice
from stepcrew.domain.models import ModelName
from stepcrew.services.ports import Clock
from stepcrew_runner.gate import scope
from stepcrew_runner.gate.aborts import Abort, CrewFailed, GateShut, LimitReached, PlatformFailed, Question
from stepcrew_runner.gate.budget import Budget, UsedUp, Wait, used_up_error
from stepcrew_runner.gate.control import Control
from stepcrew_runner.gate.journal import Journal, to_text
from stepcrew_runner.gate.requests import Endpoint, ModelRequest
from stepcrew_runner.gate.usage import Answer, price, told_by
from stepcrew_runner.isolation.addresses import Reach, as_platform, asking_model

PATIENCE_SECONDS = 0.5
"""How often a call that waits for those in flight looks whether the attempt was interrupted."""
NO_ANSWER = frozenset({408, 409, 425, 429})
"""HTTP statuses that say nothing about the request itself: it may be sent again. So may one answered with 5xx."""
UNANSWERED = "Unanswered"


class Gate:
    """Lets the model requests and tool calls of one attempt out, or answers them from the journal."""

    def __init__(self, execution: Execution, clock: Clock, control: Control, journal: Journal) -> None:
        self._execution = execution
        self._clock = clock
        self._control = control
        self.budget = Budget(execution.limits, journal)
        self._changed = threading.Condition()
        self._shut = False
        self.reach = Reach()
        self.journal = journal
        self.endpoints: tuple[Endpoint, ...] = ()
        """Where connections lead that this crew may name."""
        self.only_replays = False
        """Whether nothing may be let out (a replay without a model)."""
        self.prices: Mapping[str, ModelPrice] = {}
        """The group's own, of models."""
        scope.opened(self)

    def shut(self) -> None:
        """Lets nothing through from now on: the attempt is over."""
        self.reach.shut()
        with self._changed:
            self._shut = True
            self._changed.notify_all()
        scope.closed(self)

    @property
    def began_at(self) -> datetime:
        """When the execution began: the date for its crew, in every attempt and in every replay."""
        return self._execution.started_at or self._execution.created_at

    def model(self, request: ModelRequest) -> JournalEntry | Passage:
        """The kept answer, or the permission to send the request. Raises an `Abort`."""
        self._refuse_when_shut()
        task = scope.current_task()
        kept = self.journal.take(task, request.digest)
        if kept is not None:
            scope.note(kept, replayed=True)
            return kept
        self._refuse_in_replay(request.name)
        self.journal.leaves(task)
        if abort := as_platform(self._control.check):
            raise abort
        return Passage(self, request, task, self._admit(request))

    def tool(self, name: str, digest: str) -> tuple[EntryKey, JournalEntry | None]:
        """The place of a tool call in the journal, and what stands there."""
        self._refuse_when_shut()
        task = scope.current_task()
        key, known = self.journal.next_call(task, digest)
        if known is None:
            self._refuse_in_replay(name)
            self.journal.leaves(task)
        return key, known

    def begin(self, key: EntryKey, name: str, *, has_effects: bool, again: bool = False) -> JournalEntry | None:
        """Before a tool call: raises an `Abort` when there is a reason to stop. Of a call with effects the beginning is
        written first; what stands there instead, by another attempt, is answered."""
        self._refuse_when_shut()
        if abort := as_platform(self._control.check):
            raise abort
        if not has_effects:
            return None
        begun = self._entry(EntryKind.TOOL, EntryState.BEGUN, key, name)
        standing = self._write(begun, again=again)
        return None if standing is begun else standing

    def result(self, key: EntryKey, name: str, body: str, kind: EntryKind = EntryKind.TOOL) -> JournalEntry:
        """Writes what came of a call before the crew sees it."""
        return self._write(self._entry(kind, EntryState.ANSWERED, key, name).model_copy(update={"body": body}))

    def store(self, operation: str, digest: str, ask: Callable[[EntryKey], str]) -> str:
        """What a store of the group (its memory, its files) answers to an operation, or answered before. `ask` reads or
        writes it as the platform, under the operation's place in the journal; it may be called again by a later attempt
        as long as its answer is not written down. Raises an `Abort`."""
        key, known = self.tool(operation, digest)
        if known is not None:
            return known.body
        if abort := as_platform(self._control.check):
            raise abort
        try:
            body = as_platform(ask, key)
        except PlatformUnavailable as error:
            raise self._control.settle(PlatformFailed(error)) from error
        return self.result(key, operation, body, EntryKind.STORE).body

    def pass_by(self) -> None:
        """Any other request of the crew's: it may leave while the attempt goes on."""
        self._refuse_when_shut()
        if abort := self._control.interrupt:
            raise abort
        self._refuse_in_replay("an address outside")

    def receipt(self, requested_at: datetime, observed_at: datetime) -> CancelReceipt:
        """What was spent since a cancel request. A call still in flight is abandoned: its provider never told its
        usage, so the money is unknown then."""
        after, abandoned = self.journal.written_since(requested_at), self.budget.in_flight
        total = usage_of(after)
        known = not abandoned and total.cost_note is None
        return CancelReceipt(
            requested_at=requested_at,
            observed_at=observed_at,
            model_calls=len(after) + abandoned,
            abandoned_calls=abandoned,
            total_tokens=total.total_tokens,
            cost_usd=(total.cost_usd or Decimal(0)) if known else None,
        )

    def release(self, number: int) -> None:
        with self._changed:
            self.budget.release(number)
            self._changed.notify_all()

    def answered(self, request: ModelRequest, task: str, answer: Answer) -> JournalEntry:
        """Writes what a request brought, and answers what the crew sees."""
        usage = told_by(answer)
        name = ModelName(*request.name.split("/", 1))
        text, is_binary = to_text(answer.body)
        state = EntryState.LOST if answer.status in NO_ANSWER or answer.status >= 500 else EntryState.ANSWERED
        key = (
            EntryKey(task, request.digest, 0)
            if state is EntryState.LOST
            else self.journal.next_answer(task, request.digest)
        )
        entry = self._entry(EntryKind.MODEL, state, key, request.name).model_copy(
            update={
                "status": answer.status,
                "content_type": answer.content_type,
                "body": text,
                "is_binary": is_binary,
                "is_billed": request.is_billed,
                "own_endpoint": request.own_endpoint,
                "usage": usage,
                "cost_usd": price(name, usage, self.prices) if usage and request.is_billed else None,
            }
        )
        if state is EntryState.LOST:
            self._write(entry.model_copy(update={"body": ""}))
            return entry
        if usage is None and answer.status < 400:
            entry = entry.model_copy(update=self._reserved(request))
        standing = self._write(entry)
        scope.note(standing, replayed=False)
        return standing

    def unanswered(self, request: ModelRequest, task: str, *, may_be_billed: bool) -> None:
        """Writes that a request left and nothing came back. What it was expected to use counts towards the limits."""
        entry = self._entry(EntryKind.MODEL, EntryState.LOST, EntryKey(task, request.digest, 0), request.name)
        reserved = self._reserved(request) if may_be_billed else {}
        self._write(entry.model_copy(update={"status": 0, "is_billed": request.is_billed, **reserved}))

    def _write(self, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        try:
            return self.journal.write(entry, again=again)
        except PlatformFailed as abort:
            raise self._control.settle(abort) from abort

    def _reserved(self, request: ModelRequest) -> dict[str, object]:
        return {"reserved_tokens": request.reserve.tokens, "reserved_usd": request.reserve.usd}

    def _entry(self, kind: EntryKind, state: EntryState, key: EntryKey, name: str) -> JournalEntry:
        agent = scope.current_agent()
        return JournalEntry(
            kind=kind,
            state=state,
            **key._asdict(),
            attempt=self._execution.attempt,
            written_at=self._clock.now(),
            name=name,
            agent=agent and label(agent),
        )

    def _admit(self, request: ModelRequest) -> int:
        """Reserves the call. Where the limits have room only when calls in flight use less than they may, it waits for
        them to end."""
        control = self._control
        with self._changed:
            while True:
                self._refuse_when_shut()
                abort = control.interrupt or control.check_slice(has_advanced=self.journal.has_grown)
                if abort:
                    raise control.settle(abort)
                found = self.budget.admit(request)
                if isinstance(found, UsedUp):
                    raise self._used_up(found)
                if not isinstance(found, Wait):
                    return found
                self._changed.wait(PATIENCE_SECONDS)

    def _used_up(self, found: UsedUp) -> Abort:
        progress = self._control.progress()
        error = used_up_error(found, progress.current_task)
        if self._execution.limits.on_budget == "ask" and not found.price_is_unknown:
            text = f"{error.message} May it use more?"
            where = (progress.current_task, progress.current_agent)
            return self._control.ask(Question(ApprovalKind.BUDGET, text, *where, limit=found.limit))
        return self._control.settle(LimitReached(error))

    def _refuse_when_shut(self) -> None:
        if self._shut:
            raise self._control.interrupt or GateShut("The attempt is over.")

    def _refuse_in_replay(self, name: str) -> None:
        if self.only_replays:
            task = scope.current_task()
            where = "the crew itself" if task == CREW_SCOPE else f"crew task {task}"
            error = ExecutionError(
                category=Category.CREW,
                type=UNANSWERED,
                message=f"The journal has no answer to a request of {where} to {name}: it asks something new.",
                remedy="Look at what changed before it, or let unanswered requests out.",
                task=None if task == CREW_SCOPE else task,
            )
            raise self._control.settle(CrewFailed(error))


class Passage:
    """The permission to send one request to a model. It ends with one of the three methods, whatever happens."""

    def __init__(self, gate: Gate, request: ModelRequest, task: str, number: int) -> None:
        self._gate = gate
        self._request = request
        self._task = task
        self._number = number
        self._is_open = True

    def sending(self) -> AbstractContextManager[None]:
        """While the request is sent: it may go to an endpoint of the operator's inside the platform."""
        return asking_model() if self.may_be_inside else nullcontext()

    @property
    def may_be_inside(self) -> bool:
        """Where not, no proxy of the operator's is used either: it would look up the name of the address itself."""
        return self._request.may_be_inside

    def answered(self, answer: Answer) -> JournalEntry:
        """The answer as the crew gets it, written down. `LOST` where the request may be repeated."""
        try:
            return self._gate.answered(self._request, self._task, answer)
        finally:
            self._end()

    def unused(self) -> None:
        """Gives back what was reserved for a request that was not sent."""
        self._end()

    def lost(self, *, may_be_billed: bool) -> None:
        """Nothing came back. `may_be_billed`: the request had reached its model."""
        if self._is_open:
            try:
                self._gate.unanswered(self._request, self._task, may_be_billed=may_be_billed)
            finally:
                self._end()

    def _end(self) -> None:
        self._is_open = False
        self._gate.release(self._number)
