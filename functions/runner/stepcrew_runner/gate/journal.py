"""The journal of one attempt: what earlier attempts got is answered from it, what this one gets is written into it."""

from __future__ import annotations

import base64
import logging
import threading
from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.execution import Execution, Usage
from stepcrew.domain.journal import EntryKey, EntryKind, EntryState, JournalEntry, add_to
from stepcrew.domain.proof import Chain, Link
from stepcrew.domain.retrying import Patience, until_available
from stepcrew.services.ports import JournalStore
from stepcrew_runner.gate.aborts import PlatformFailed
from stepcrew_runner.gate.placeholders import Placeholders
from stepcrew_runner.isolation.addresses import as_platform

WRITE_PATIENCE = Patience(tries=6, first=0.1, longest=5.0)
"""With a store that does not take at once what was paid for."""
logger = logging.getLogger("stepcrew_runner")


class Source(NamedTuple):
    """Another execution whose journal answers too, as far as its entries fit (a rerun, a replay of a bundle)."""

    group_id: str
    execution_id: str


class Journal:
    """Entries by scope and digest. Calls end in several threads."""

    def __init__(
        self, store: JournalStore, execution: Execution, placeholders: Placeholders, source: Source | None = None
    ) -> None:
        self._store = store
        self._execution = execution
        self._placeholders = placeholders
        self._source = source
        self._lock = threading.Lock()
        self._known: dict[tuple[str, str], dict[int, tuple[Source, JournalEntry]]] = defaultdict(dict)
        self._taken: dict[tuple[str, str], int] = defaultdict(int)
        self._left: dict[str, int] = defaultdict(int)
        self._new: set[str] = set()
        self._usage = Usage()
        self._unknown: list[JournalEntry] = []
        self._written: list[JournalEntry] = []
        self._writing = threading.Lock()
        self._chain = Chain()
        self._is_chain_known = True
        self._begun: dict[EntryKey, JournalEntry] = {}

    def load(self) -> None:
        """Raises `PlatformUnavailable`."""
        own = Source(self._execution.group_id, self._execution.execution_id)
        for place in (self._source, own):
            # No attempt before the first has written anything.
            if place is None or (place == own and self._execution.attempt <= 1):
                continue
            for entry in self._store.entries(*place):
                if place == own:
                    self._count(entry)
                    if entry.state is EntryState.BEGUN:
                        self._begun[entry.key] = entry
                if entry.state is not EntryState.LOST:
                    known = self._known[entry.scope, entry.digest]
                    self._left[entry.scope] += entry.nth not in known
                    known[entry.nth] = (place, entry)

    def seal(self, text: str) -> str:
        """Without secrets: what is the same request in a replay, which has others."""
        return self._placeholders.seal(text)

    def take(self, scope: str, digest: str) -> JournalEntry | None:
        """The next answer to this request, whole, or None when there is none (yet)."""
        with self._lock:
            nth = self._taken[scope, digest] + 1
            place, entry = self._known[scope, digest].get(nth, (None, None))
            if place is None or entry is None or entry.state is not EntryState.ANSWERED:
                return None
            self._advance(scope, digest)
        logger.debug("%s is answered from the journal (%s, call %d)", entry.name, scope, nth)
        return self._whole(place, entry)

    def next_call(self, scope: str, digest: str) -> tuple[EntryKey, JournalEntry | None]:
        """The place of the next tool call, and what is known of it."""
        with self._lock:
            key = EntryKey(scope, digest, self._taken[scope, digest] + 1)
            place, entry = self._known[scope, digest].get(key.nth, (None, None))
            self._advance(scope, digest)
        return key, self._whole(place, entry) if place and entry else None

    def next_answer(self, scope: str, digest: str) -> EntryKey:
        """The place of an answer that has just come."""
        with self._lock:
            key = EntryKey(scope, digest, self._taken[scope, digest] + 1)
            self._advance(scope, digest)
            return key

    def has_more(self, scope: str) -> bool:
        """Whether answers of this scope are left: what happens in it has then happened before."""
        with self._lock:
            return self._left[scope] > 0

    def leaves(self, scope: str) -> None:
        """Something was asked for that is not in the journal: from here on the scope is new."""
        with self._lock:
            self._left[scope] = 0
            self._new.add(scope)

    def only_replayed(self, scope: str) -> bool:
        """Whether nothing new was asked for in this scope (yet)."""
        with self._lock:
            return scope not in self._new

    def write(self, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        """Writes the entry (with `again`, also over the beginning of the same call) and answers the one that counts:
        where another attempt's answer stands already, that one, and this one only for what it cost. One that is lost
        takes no answer's place. Raises `PlatformFailed`."""
        if entry.state is EntryState.LOST:
            entry = entry.model_copy(update={"nth": self._number()})
        logger.debug("%s: %s %s (%s, call %d)", entry.name, entry.kind, entry.state, entry.scope, entry.nth)
        sealed = entry.model_copy(update={"body": self.seal(entry.body)})
        with self._writing:  # one after the other: each carries the hash of the one before
            standing = self._put(sealed, again=again)
            if _same(standing, sealed):
                with self._lock:
                    self._count(entry)
                    self._written.append(entry)
                return entry
            lost = sealed.model_copy(update={"state": EntryState.LOST, "body": "", "nth": self._number()})
            self._put(lost)
        with self._lock:
            self._count(lost)
            self._written.append(lost)
        return self._whole(Source(self._execution.group_id, self._execution.execution_id), standing)

    def usage(self) -> Usage:
        """The sum over all entries of this execution."""
        with self._lock:
            return self._usage.model_copy()

    def refused(self) -> str | None:
        """The model that refused last in this attempt, or did not answer."""
        with self._lock:
            asked = (entry for entry in reversed(self._written) if entry.kind is EntryKind.MODEL)
            return next((one.name for one in asked if one.state is EntryState.LOST or one.status >= 400), None)

    def untold(self) -> list[JournalEntry]:
        """Calls of which nobody knows what they used."""
        with self._lock:
            return list(self._unknown)

    def written_since(self, moment: datetime) -> list[JournalEntry]:
        """Model calls of this attempt that ended after a moment."""
        with self._lock:
            return [
                entry
                for entry in self._written
                if entry.written_at > moment and entry.kind is EntryKind.MODEL and entry.is_billed
            ]

    def chain_end(self) -> tuple[int, str | None]:
        """How many entries this attempt wrote, and the hash of the last; null where it is not known whether one
        stands."""
        with self._writing:
            return self._chain.length, self._chain.head if self._is_chain_known else None

    @property
    def is_empty(self) -> bool:
        """Whether no attempt has written anything."""
        with self._lock:
            return not any(self._known.values()) and not self._written

    @property
    def has_grown(self) -> bool:
        """Whether this attempt brought anything new."""
        with self._lock:
            return any(entry.state is not EntryState.LOST for entry in self._written)

    def _number(self) -> int:
        with self._lock:
            return len(self._written) + 1

    def _advance(self, scope: str, digest: str) -> None:
        nth = self._taken[scope, digest] = self._taken[scope, digest] + 1
        if nth in self._known[scope, digest]:
            self._left[scope] = max(0, self._left[scope] - 1)

    def _count(self, entry: JournalEntry) -> None:
        add_to(self._usage, entry)
        is_call = entry.kind is EntryKind.MODEL and entry.is_billed
        if is_call and entry.usage is None and (entry.reserved_tokens or entry.reserved_usd):
            self._unknown.append(entry)

    def _whole(self, place: Source, entry: JournalEntry) -> JournalEntry:
        body = as_platform(self._store.body, *place, entry)
        return entry.model_copy(update={"body": self._placeholders.unseal(body), "body_reference": None})

    def _put(self, entry: JournalEntry, *, again: bool = False) -> JournalEntry:
        """What was got was paid for: a table that does not answer at once is asked again."""
        replaced = self._replaced_by(entry)
        linked = self._chain.following(entry, number=self._chain.length + 1, replaced=replaced)
        try:
            standing = until_available(
                lambda: as_platform(self._store.write, self._execution, linked, again=again), WRITE_PATIENCE
            )
        except PlatformUnavailable as error:
            self._is_chain_known = False
            raise PlatformFailed(error) from error
        if _same(standing, entry):
            self._chain.accept(linked)
            if entry.state is EntryState.BEGUN:
                self._begun[entry.key] = linked
        return standing

    def _replaced_by(self, entry: JournalEntry) -> list[Link]:
        """The chain goes on over the beginning of a call, in whose place its result is written."""
        begun = None if entry.state is EntryState.LOST else self._begun.get(entry.key)
        return [*begun.replaced, begun.link()] if begun else []


def _same(standing: JournalEntry, ours: JournalEntry) -> bool:
    """Whether what stands there is what we wrote, perhaps earlier and unheard of."""
    return (standing.attempt, standing.state, standing.written_at) == (ours.attempt, ours.state, ours.written_at)


def to_text(body: bytes) -> tuple[str, bool]:
    """A body as the journal keeps it, and whether it is base64 of no text."""
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True


def to_bytes(entry: JournalEntry) -> bytes:
    return base64.b64decode(entry.body) if entry.is_binary else entry.body.encode()
