"""What the executions of a group used, summed by day and by crew, user, agent, tool, model and source.

An execution counts on the day on which it ended (UTC), once: its entry is written together with the sums it adds to.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, Field

from stepcrew.domain.bill import model_usd
from stepcrew.domain.execution import Execution, Status, Usage
from stepcrew.domain.journal import EntryKind, EntryState, JournalEntry, usage_of
from stepcrew.domain.money import Usd

MOST_NAMES = 25
"""Of agents, of tools and of models that one execution adds to; the others are added to `OTHERS`."""
OTHERS = "others"
NOBODY = ""
"""The name for executions that nobody is named for, and calls that no agent made."""
EMBEDDINGS = "embeddings"
"""The source of what was used outside of executions."""
MOST_CHARACTERS = 200
"""Of a name: it is a part of a key, which may have 1,024 bytes."""
_BILLIONTH = Decimal("1e-9")


class By(StrEnum):
    CREW = "crew"
    USER = "user"
    AGENT = "agent"
    TOOL = "tool"
    MODEL = "model"
    SOURCE = "source"
    DAY = "day"


class Sums(BaseModel):
    """Of agents and models, `executions` and what follows from them count those that used them; money and tokens are
    those of their own model calls. `unpriced` counts executions, and embeddings outside of them, whose model cost is
    not known: they add nothing to `model_usd`."""

    executions: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    total_tokens: int = 0
    seconds: Annotated[Usd, Field(description="From start to end, waiting for people included.")] = Decimal(0)
    model_usd: Usd = Decimal(0)
    infrastructure_usd: Usd = Decimal(0)
    unpriced: int = 0

    def plus(self, other: Sums) -> Sums:
        return Sums.model_construct(**{name: getattr(self, name) + getattr(other, name) for name in Sums.model_fields})


def whole_usd(sums: Sums) -> Decimal:
    return sums.model_usd + sums.infrastructure_usd


class Part(BaseModel):
    """What one execution adds to the sums of one name."""

    by: By
    name: str
    sums: Sums


class UsageEntry(BaseModel):
    """What one execution used, or one request outside of executions (`embedding_entry`). Kept when the execution is
    deleted: it holds none of what the crew read or wrote."""

    group_id: str
    execution_id: str
    day: date
    crew: str
    parts: list[Part]


class DaySum(BaseModel):
    """The sum of one day and name."""

    by: By
    day: date
    name: str
    sums: Sums


def crew_of(execution: Execution) -> str:
    """The stored crew it was made from, else its own name."""
    return (execution.crew.name if execution.crew else execution.name)[:MOST_CHARACTERS]


def entry_of(execution: Execution, journal: Iterable[JournalEntry], infrastructure_usd: Decimal) -> UsageEntry:
    """Of an execution that has ended. Where its journal was deleted meanwhile, the record tells the model calls."""
    found, ended_at = list(journal), execution.ended_at or execution.updated_at
    usage = usage_of(found) if found else execution.usage
    calls = [entry for entry in found if entry.kind is EntryKind.TOOL and entry.state is EntryState.ANSWERED]
    whole = _of(execution, usage).plus(
        Sums(
            tool_calls=len(calls),
            seconds=_seconds(execution, ended_at),
            infrastructure_usd=infrastructure_usd.quantize(_BILLIONTH),
        )
    )
    crew = crew_of(execution)
    names = {By.CREW: crew, By.USER: execution.submitted_by or NOBODY, By.SOURCE: execution.source, By.DAY: NOBODY}
    parts = [Part(by=by, name=name[:MOST_CHARACTERS], sums=whole) for by, name in names.items()]
    models = [entry for entry in found if entry.kind is EntryKind.MODEL]
    parts += _parts(execution, By.AGENT, [(entry.agent or NOBODY, entry) for entry in models])
    parts += _parts(execution, By.MODEL, [(entry.name, entry) for entry in models])
    parts += _parts(execution, By.TOOL, [(entry.name, entry) for entry in calls])
    return UsageEntry(
        group_id=execution.group_id,
        execution_id=execution.execution_id,
        day=ended_at.date(),
        crew=crew,
        parts=parts,
    )


def embedding_entry(
    group_id: str, request_id: str, day: date, embedder: str, tokens: int, usd: Decimal | None
) -> UsageEntry:
    """Of one request to an embedding model outside of executions: while a file is read, or memory is searched."""
    sums = Sums(
        model_calls=1,
        total_tokens=tokens,
        model_usd=Decimal(0) if usd is None else usd.quantize(_BILLIONTH),
        unpriced=usd is None,
    )
    names = {By.CREW: NOBODY, By.USER: NOBODY, By.SOURCE: EMBEDDINGS, By.DAY: NOBODY, By.AGENT: NOBODY}
    parts = [Part(by=by, name=name, sums=sums) for by, name in {**names, By.MODEL: embedder}.items()]
    return UsageEntry(group_id=group_id, execution_id=request_id, day=day, crew=NOBODY, parts=parts)


def added_up(entries: Iterable[UsageEntry]) -> dict[tuple[By, date, str], Sums]:
    """The sums, added up again from what each execution used."""
    found: dict[tuple[By, date, str], Sums] = {}
    for entry in entries:
        for part in entry.parts:
            key = (part.by, entry.day, part.name)
            found[key] = found.get(key, Sums()).plus(part.sums)
    return found


def by_name(found: Iterable[DaySum]) -> dict[str, Sums]:
    """The days of each name together; of `day`, each day by its own name."""
    total: dict[str, Sums] = {}
    for one in found:
        name = one.day.isoformat() if one.by is By.DAY else one.name
        total[name] = total.get(name, Sums()).plus(one.sums)
    return total


def _parts(execution: Execution, by: By, named: list[tuple[str, JournalEntry]]) -> list[Part]:
    groups: dict[str, list[JournalEntry]] = {}
    for name, entry in named:
        name = name[:MOST_CHARACTERS]
        known = name in groups or len(groups) < MOST_NAMES - 1
        groups.setdefault(name if known else OTHERS, []).append(entry)
    parts: list[Part] = []
    for name, entries in groups.items():
        tools = sum(entry.kind is EntryKind.TOOL for entry in entries)
        parts.append(Part(by=by, name=name, sums=_of(execution, usage_of(entries)).plus(Sums(tool_calls=tools))))
    return parts


def _of(execution: Execution, usage: Usage) -> Sums:
    cost = model_usd(usage)
    return Sums(
        executions=1,
        completed=execution.status is Status.COMPLETED,
        failed=execution.status is Status.FAILED,
        cancelled=execution.status is Status.CANCELLED,
        model_calls=usage.model_calls,
        total_tokens=usage.total_tokens,
        model_usd=Decimal(0) if cost is None else cost.quantize(_BILLIONTH),
        unpriced=cost is None,
    )


def _seconds(execution: Execution, ended_at: datetime) -> Decimal:
    began = execution.started_at or ended_at
    return Decimal(max(0, round((ended_at - began).total_seconds() * 1000))) / 1000
