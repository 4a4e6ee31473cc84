"""The journal: each answer of a model, a tool or memory that an execution got, under the request it was for.

A later attempt runs the crew again and is answered from here. What an execution used is the sum over its journal.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel

from stepcrew.domain.canonical import digest
from stepcrew.domain.execution import Usage
from stepcrew.domain.proof import Link, hash_of
from stepcrew.domain.trace import PayloadReference

NO_PRICE = "No price is known for"
"""How the note begins that a cost is not known for want of a price."""
CREW_SCOPE = "crew"
"""The scope of what no crew task asks for: the crew's own planner, for example."""


class EntryKind(StrEnum):
    MODEL = "model"
    TOOL = "tool"
    STORE = "store"
    """The group's memory, and its files."""
    CHOICE = "choice"
    """That a model was given up for a call, and the next one asked."""


class EntryState(StrEnum):
    BEGUN = "begun"
    """A tool call with effects was let out; whether it took effect is not known yet."""
    ANSWERED = "answered"
    """The same request is answered with this."""
    LOST = "lost"
    """A request was let out and brought no answer that could be given again. Only its cost counts."""


class EntryKey(NamedTuple):
    """What was asked for. `scope` is the crew task, or `CREW_SCOPE`; `digest` the SHA-256 (hex) of the normalised
    request; `nth` counts the same requests of one scope from 1."""

    scope: str
    digest: str
    nth: int

    @property
    def entry_id(self) -> str:
        """At most 40 characters of ASCII; the same for the same key in every attempt."""
        place = digest(f"{self.scope}\n{self.digest}")
        return f"{place[:32]}-{self.nth}"


class TokenUsage(BaseModel):
    """Tokens of one model call. `prompt` includes those read from a provider's cache and those written into it."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0
    reasoning: int = 0
    written: int = 0

    @property
    def total(self) -> int:
        return self.prompt + self.completion


class JournalEntry(BaseModel):
    """One call, or choice. `name` is the model (`provider/model`), the tool, or what was asked of memory.

    `body` is the answer's text (base64 of its bytes where `is_binary`), without secrets; where it is large,
    `body_reference` stands for it. `status` and `content_type` are those of the HTTP answer. `usage` is what the
    provider told, null when it told nothing; `cost_usd` is null when no price is known. A call whose usage is not known
    counts `reserved_tokens` and `reserved_usd` towards the limits. `is_billed` is false for requests that are no model
    calls (a count of tokens). `own_endpoint` tells that it went to an endpoint of the operator's, not to the
    provider's: CrewAI asks the two in different ways.

    `agent` is the role of the agent that asked, where one did.

    `number` is the entry's place among those of its attempt, from 1, and `previous` the hash of the one before. Where
    it took the place of other entries (the beginning of its call), `replaced` are theirs.
    """

    kind: EntryKind
    state: EntryState
    scope: str
    digest: str
    nth: int
    attempt: int
    written_at: datetime
    name: str = ""
    agent: str | None = None
    status: int = 200
    content_type: str = "application/json"
    body: str = ""
    is_binary: bool = False
    body_reference: PayloadReference | None = None
    is_billed: bool = True
    own_endpoint: bool = False
    usage: TokenUsage | None = None
    cost_usd: Decimal | None = None
    reserved_tokens: int = 0
    reserved_usd: Decimal | None = None
    number: int = 0
    previous: str | None = None
    replaced: list[Link] = []

    @property
    def key(self) -> EntryKey:
        return EntryKey(self.scope, self.digest, self.nth)

    def link(self) -> Link:
        """Its place in the chain. The entry is whole."""
        return Link(attempt=self.attempt, number=self.number, previous=self.previous, hash=hash_of(self))

    @property
    def entry_id(self) -> str:
        """That of the key; a lost request has one of its own, because it takes no place among the answers."""
        lost = f"-lost-{self.attempt}" if self.state is EntryState.LOST else ""
        return self.key.entry_id + lost


def usage_of(entries: Iterable[JournalEntry]) -> Usage:
    """The sum. The cost is null, with a note, when a call's price is not known."""
    total = Usage()
    for entry in entries:
        add_to(total, entry)
    return total


def add_to(total: Usage, entry: JournalEntry) -> None:
    """Adds one entry to a sum. A request without an answer is a call that used nothing anybody told; what was reserved
    for it says that it had reached its model."""
    if entry.kind is not EntryKind.MODEL or not entry.is_billed:
        return
    total.model_calls += 1
    used = entry.usage
    if used is not None:
        total.prompt_tokens += used.prompt
        total.cached_prompt_tokens += used.cached
        total.completion_tokens += used.completion
        total.reasoning_tokens += used.reasoning
        total.total_tokens += used.total
    if entry.cost_usd is None:
        if entry.state is EntryState.LOST or entry.status >= 400:
            total.unanswered_calls += entry.reserved_tokens > 0
            return
        untold = f"{entry.name} did not say what a call used."
        total.cost_usd, total.cost_note = None, untold if used is None else f"{NO_PRICE} {entry.name}."
    elif total.cost_note is None:
        total.cost_usd = (total.cost_usd or Decimal(0)) + entry.cost_usd
