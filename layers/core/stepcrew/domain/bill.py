"""What an execution costs: its model calls as the journal has them, and what it used of AWS times a book of prices.

What it used follows from its record alone, so that anybody who reads the record later finds the same amounts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, Field

from stepcrew.domain.execution import Execution, Status, Usage
from stepcrew.domain.journal import JournalEntry, add_to, usage_of
from stepcrew.domain.metering import Metered, unsaid
from stepcrew.domain.money import Usd
from stepcrew.domain.price_book import PriceBook, Priced

_MB_MS_IN_GB_S = 1024 * 1000
_WRITTEN_BYTES, _READ_BYTES = 1024, 4096
"""Of one request unit. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html"""
_SUBMISSION_UNITS = 4
"""Beside the record: its places in two indexes, and the entry of the audit log in the same transaction."""
_DEFINITION_UNITS = 4
"""To store the submission, in its transaction: two kilobytes."""
_CHANGED_AFTERWARDS = {"traces_recorded", "reruns", "revision", "updated_at"}
"""Fields of the record that change after the end. Its size is taken without them, for the bill is final then."""
_USAGE_UNITS = 18
"""To count what an execution used: nine items, in a transaction."""
_SINK_MB_MS = 512 * 60
_API_MB_MS = 1024 * 300
_ANNOUNCER_MB_MS = 512 * 200
"""Memory times time of one message, one submission and one announcement."""
_INDEX_BYTES = 1_000 * 6_400
"""Of the vectors of one memory: a query is paid for by all of them too, and no answer says how many there are. Ten
thousand cost a tenth of what its request does. https://aws.amazon.com/s3/pricing/"""
_LOG_BYTES, _ATTEMPT_LOG_BYTES = 500, 1_200
"""What one invocation of a function leaves in its log group, and one of the runner."""


class Basis(StrEnum):
    MEASURED = "measured"
    COUNTED = "counted"
    """It follows from what the record says: how many attempts, messages and waits there were, and how large it is."""
    ASSUMED = "assumed"
    """A typical time or size, times such a count."""


class Line(BaseModel):
    """One use of AWS: `quantity` units of `item` at `unit_usd` each."""

    what: str
    item: Priced
    quantity: float
    unit_usd: Usd
    usd: Usd
    basis: Basis


class Share(BaseModel):
    """What model calls of one task, agent or model cost; `name` is null for those that none asked for. `model_usd` is
    null when a price is not known."""

    name: str | None
    model_calls: int
    total_tokens: int
    model_usd: Usd | None


class CostSummary(BaseModel):
    """`total_usd` is null when `model_usd` is: a model's price is not known. `estimated` tells that the amounts are not
    final, or not all said: the execution is open, an attempt died, a model call was not answered, or the book does not
    have the region."""

    model_usd: Usd | None
    infrastructure_usd: Usd
    total_usd: Usd | None
    price_book: str
    region: str = Field(description="Whose prices these are.")
    estimated: bool


class Cost(CostSummary):
    """With where it comes from. The shares have the model calls only."""

    by_task: list[Share]
    by_agent: list[Share]
    by_model: list[Share]
    infrastructure: list[Line]
    notes: list[str]


class _Use(NamedTuple):
    what: str
    item: Priced
    quantity: Decimal
    basis: Basis


def summary(execution: Execution, book: PriceBook, *, region: str) -> CostSummary:
    """From the record alone; its model cost is that of the attempts' last writes. `region` is where it ran."""
    return _summed(execution, execution.usage, lines(execution, book), book, region)


def _summed(execution: Execution, usage: Usage, used: Iterable[Line], book: PriceBook, region: str) -> CostSummary:
    model = model_usd(usage)
    infrastructure = sum((line.usd for line in used), Decimal(0))
    return CostSummary(
        model_usd=model,
        infrastructure_usd=infrastructure,
        total_usd=None if model is None else model + infrastructure,
        price_book=book.name,
        region=book.region,
        estimated=bool(_why_estimated(execution, usage, book, region)),
    )


def cost_of(execution: Execution, entries: Iterable[JournalEntry], book: PriceBook, *, region: str) -> Cost:
    """With the journal, which has each model call as soon as it was answered."""
    found = list(entries)
    total = usage_of(found)
    used = lines(execution, book)
    return Cost(
        **dict(_summed(execution, total, used, book, region)),
        by_task=_shares(found, lambda entry: entry.scope),
        by_agent=_shares(found, lambda entry: entry.agent),
        by_model=_shares(found, lambda entry: entry.name),
        infrastructure=used,
        notes=[*([total.cost_note] if total.cost_note else []), *_why_estimated(execution, total, book, region)],
    )


def model_usd(usage: Usage) -> Decimal | None:
    """Null when a price is not known; nothing was paid where nothing was asked."""
    return None if usage.cost_note else usage.cost_usd or Decimal(0)


def lines(execution: Execution, book: PriceBook) -> list[Line]:
    """What was used of AWS, without what was not used at all."""
    return [
        Line(
            what=use.what,
            item=use.item,
            quantity=float(use.quantity),
            unit_usd=book.prices[use.item],
            usd=use.quantity * book.prices[use.item],
            basis=use.basis,
        )
        for use in _uses(execution)
        if use.quantity
    ]


def _uses(execution: Execution) -> Iterator[_Use]:
    metered = execution.metered or Metered()
    size = len(execution.model_dump_json(exclude_defaults=True, exclude=_CHANGED_AFTERWARDS))
    written, read = math.ceil(size / _WRITTEN_BYTES), math.ceil(size / _READ_BYTES)
    # In a transaction the table counts twice. A change of status is one unit more, in the index by group.
    write, transaction = written + 1, 2 * written
    begun, ends, waits = execution.started_at is not None, execution.status.is_terminal, execution.approvals

    def use(what: str, item: Priced, quantity: float | Decimal, basis: Basis) -> _Use:
        return _Use(what, item, Decimal(quantity), basis)

    measured, counted, assumed = Basis.MEASURED, Basis.COUNTED, Basis.ASSUMED
    yield use("Runner: memory and time", Priced.GB_SECONDS, _gb_seconds(metered.mb_ms), measured)
    yield use("Runner: of attempts that did not say", Priced.GB_SECONDS, _gb_seconds(_unsaid(execution)), counted)
    yield use("Runner: invocations", Priced.INVOCATIONS, execution.attempt, counted)
    yield use("Runner: table writes", Priced.TABLE_WRITES, metered.write_units, measured)
    yield use("Runner: table reads", Priced.TABLE_READS, metered.read_units, measured)
    yield use("Runner: last writes", Priced.TABLE_WRITES, metered.attempts * write, counted)
    yield use("Runner: objects written", Priced.OBJECT_WRITES, metered.object_writes, measured)
    yield use("Runner: objects read", Priced.OBJECT_READS, metered.object_reads, measured)
    yield use("Memory: queries of indexes", Priced.VECTOR_QUERIES, metered.vector_queries, measured)
    yield use(
        "Memory: vectors that queries read",
        Priced.VECTOR_GB_READ,
        metered.vector_queries * Decimal(_INDEX_BYTES) / 10**9,
        assumed,
    )
    yield use("Memory: vectors put", Priced.VECTOR_GB_PUT, Decimal(metered.vector_put_bytes) / 10**9, measured)
    yield use("State machine: transitions", Priced.TRANSITIONS, transitions(execution), counted)
    yield use("Trace: queue requests", Priced.QUEUE_REQUESTS, 2 * metered.message_requests + metered.messages, measured)
    yield use("Trace: stored events", Priced.TABLE_WRITES, metered.stored_units, measured)
    yield use("Trace: counting them", Priced.TABLE_WRITES, metered.messages * (2 + transaction), counted)
    yield use("Trace: table reads", Priced.TABLE_READS, metered.messages * read, counted)
    yield use("Trace: invocations", Priced.INVOCATIONS, metered.messages, counted)
    yield use("Trace: memory and time", Priced.GB_SECONDS, metered.messages * _gb_seconds(_SINK_MB_MS), assumed)
    yield use("Submission: request", Priced.API_REQUESTS, 1, counted)
    yield use("Submission: invocation", Priced.INVOCATIONS, 1, counted)
    yield use("Submission: memory and time", Priced.GB_SECONDS, _gb_seconds(_API_MB_MS), assumed)
    yield use(
        "Submission: table writes", Priced.TABLE_WRITES, transaction + _SUBMISSION_UNITS + _DEFINITION_UNITS, counted
    )
    yield use("Start: table write", Priced.TABLE_WRITES, write if begun else 0, counted)
    told = waits + ends
    yield use("Announcements: events", Priced.EVENTS, told, counted)
    yield use("Announcements: invocations", Priced.INVOCATIONS, told, counted)
    yield use("Announcements: memory and time", Priced.GB_SECONDS, told * _gb_seconds(_ANNOUNCER_MB_MS), assumed)
    yield use("Usage: table writes", Priced.TABLE_WRITES, ends * _USAGE_UNITS, assumed)
    logged = (metered.messages + 1 + told) * _LOG_BYTES + execution.attempt * _ATTEMPT_LOG_BYTES
    yield use("Log lines", Priced.LOG_GB, Decimal(logged) / 10**9, assumed)


def transitions(execution: Execution) -> int:
    """Of the state machine, whose states are in statemachine/execution.asl.yaml: MarkRunning; RunCrew and ChooseNext
    for an attempt that said how it went, RunCrew alone for one that died and was repeated; after each that asked a
    person ReadOutcome, ChooseNext, WaitForDecision, ReadOutcome, ChooseNext; at last Finish, before it RecordFailure
    and ChooseNext where the last attempt died or none could begin, for which RunCrew is counted once. Waiting for
    capacity is not counted."""
    if execution.started_at is None:
        return 0
    said = min((execution.metered or Metered()).attempts, execution.attempt)
    ended = execution.status.is_terminal
    died_last = ended and execution.status is not Status.COMPLETED and execution.unmetered_since is not None
    never_began = _never_began(execution)
    tried = execution.attempt + never_began
    return 1 + tried + said + 5 * execution.approvals + ended + 2 * (died_last or never_began)


def _never_began(execution: Execution) -> bool:
    return execution.status.is_terminal and execution.started_at is not None and execution.attempt == 0


def _unsaid(execution: Execution) -> int:
    """Memory times time of attempts that died, and of the one that is at work, until the record changed last."""
    metered = execution.metered or Metered()
    since = execution.unmetered_since
    if since is None:
        return metered.unsaid_mb_ms
    until = execution.ended_at or execution.updated_at
    return metered.unsaid_mb_ms + unsaid(since, until, execution.attempt - metered.attempts, execution.memory_mb)


def _gb_seconds(mb_ms: int) -> Decimal:
    return Decimal(mb_ms) / _MB_MS_IN_GB_S


def _why_estimated(execution: Execution, usage: Usage, book: PriceBook, region: str) -> list[str]:
    """A sentence for each reason why the bill is not exact; none when it is. What was in flight at the end is in the
    record alone, and what was sent since its last change in `usage` alone."""
    silent = execution.attempt - (execution.metered or Metered()).attempts
    found: list[str] = []
    if not execution.status.is_terminal:
        found.append("The execution is open.")
    elif silent:
        found.append(
            f"Of {silent} of its {execution.attempt} attempts the longest possible time is counted, and no model call"
            " that was in flight."
        )
    if _never_began(execution):
        found.append("No attempt could begin, and of what was tried one try is counted.")
    if unanswered := max(usage.unanswered_calls, execution.usage.unanswered_calls):
        found.append(f"{unanswered} of its model calls brought no answer: their provider may bill what is not in it.")
    if book.region != region:
        found.append(f"The price book {book.name} does not have {region}; these are the prices of {book.region}.")
    return found


def _shares(entries: Iterable[JournalEntry], key: Callable[[JournalEntry], str | None]) -> list[Share]:
    """The most expensive first; those of which the price is not known come before them."""
    sums: dict[str | None, Usage] = {}
    for entry in entries:
        add_to(sums.setdefault(key(entry), Usage()), entry)
    found = [
        Share(name=name, model_calls=used.model_calls, total_tokens=used.total_tokens, model_usd=model_usd(used))
        for name, used in sums.items()
        if used.model_calls
    ]
    return sorted(found, key=lambda one: (one.model_usd is not None, -(one.model_usd or 0), one.name or ""))
