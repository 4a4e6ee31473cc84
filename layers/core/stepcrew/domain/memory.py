"""Memory: facts that crews of a group remember from one execution to the next.

A record lies in a scope, a path such as `/crews/poets/agent/writer`. The first parts of the path are its root scope:
`/crews/{name}` belongs to one crew, `/shared` to the whole group. The vectors of one root scope come from one embedding
model, because vectors of different models cannot be compared. No path names a group: which group it is, its caller
knows from elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, JsonValue

from stepcrew.domain.canonical import digest
from stepcrew.domain.errors import Category, StepcrewError

CREWS = "/crews"
SHARED = "/shared"
MOST_RECORD_BYTES = 300_000
"""Of a record as JSON. With the vector it stays below the 400 KB of an item of the table."""
MOST_SCOPE = 500
"""Characters of a path."""
_PART = re.compile(r"[^A-Za-z0-9._-]+")


class ScopeInvalid(StepcrewError):
    """The text is no path of a scope of memory."""

    category = Category.INPUT
    remedy = "Scopes begin with /crews/NAME or /shared, as GET /memory lists them."


class ScopeNotFound(StepcrewError):
    """The group has no such root scope."""

    category = Category.INPUT
    remedy = "GET /memory lists the scopes of the group."


class EmbedderUnusable(StepcrewError):
    """The embedding model is none that vectors can be made anew with."""

    category = Category.INPUT
    remedy = "Name one as provider/model that crews may use here, or delete the scope to begin again."


class RecordTooLarge(StepcrewError):
    """What is to be remembered does not fit into one record."""

    category = Category.CREW
    remedy = "Remember shorter facts: a record is made for a sentence or a paragraph."


class EmbedderChanged(StepcrewError):
    """The vectors of a root scope come from another embedding model than the one that is asked for now."""

    category = Category.CREW

    def __init__(self, root: RootScope, embedder: str, dimension: int) -> None:
        super().__init__(
            f"The memory {root.path} was made with the embedding model {root.embedder} ({root.dimension} dimensions); "
            f"{embedder} ({dimension} dimensions) cannot search it.",
            remedy=f"Set embedder to {root.embedder}, or have it made anew: stepcrew memory reembed {root.path}.",
        )


class Backend(StrEnum):
    """Where the vectors of a root scope lie. Its records lie in the table."""

    TABLE = "table"
    """Beside each record. A search compares with every one of them."""
    S3_VECTORS = "s3vectors"
    """In an index of Amazon S3 Vectors, which is asked for the nearest."""


class Move(BaseModel):
    """A root scope on its way to another embedding model or backend. Until its new vectors are there, the old ones are
    used.

    Attributes:
        embedder: the new model.
        backend: the new one.
        generation: of the new vectors.
        left: the model whose vectors it leaves.
        reason: why it stands still; empty while it goes on.
    """

    model_config = ConfigDict(frozen=True)

    embedder: str
    backend: Backend = Backend.TABLE
    generation: int
    left: str
    reason: str = ""


class RootScope(BaseModel):
    """One memory of a group: what all vectors in it have in common. `embedder` is `provider/model`. A record may have
    vectors of several generations; those of `generation` come from `embedder` and lie in `backend`, and no generation
    is of two models or in two backends."""

    model_config = ConfigDict(frozen=True)

    path: str
    embedder: str
    dimension: int
    created_at: datetime
    backend: Backend = Backend.TABLE
    generation: int = 0
    newest: int = 0
    """The last generation that was begun, whether it was finished or not."""
    move: Move | None = None

    @property
    def made(self) -> str:
        """What tells it from another of the same path, before and after it, and from itself with another model or
        backend."""
        elsewhere = "" if self.backend is Backend.TABLE else f" {self.backend}"
        return f"{self.embedder} {self.dimension} {self.created_at.isoformat()}{elsewhere}"

    def backend_of(self, generation: int) -> Backend:
        """Where vectors of this generation lie, which is in use or being made."""
        return self.move.backend if self.move and self.move.generation == generation else self.backend

    @property
    def unused(self) -> list[int]:
        """The generations that were begun and are neither in use nor being made."""
        used = (self.generation, self.move.generation if self.move else self.generation)
        return [generation for generation in range(self.newest + 1) if generation not in used]

    def moving_to(self, embedder: str, backend: Backend | None = None) -> RootScope:
        """On its way to this model and backend, or to this model in the same backend; one that is on its way elsewhere
        turns there. Called again, it stays."""
        target = (embedder, backend or self.backend)
        if self.move and (self.move.embedder, self.move.backend) == target:
            return self.model_copy(update={"move": self.move.model_copy(update={"reason": ""})})
        is_back = (self.embedder, self.backend) == target
        if self.move is None and is_back:
            return self
        newest = self.newest if is_back else self.newest + 1
        move = Move(
            embedder=target[0],
            backend=target[1],
            generation=self.generation if is_back else newest,
            left=self.embedder,
        )
        return self.model_copy(update={"move": move, "newest": newest})

    def moved(self, dimension: int) -> RootScope:
        """With the new vectors, of this dimension, in use; the old ones are still there."""
        assert self.move
        return self.model_copy(
            update={
                "embedder": self.move.embedder,
                "backend": self.move.backend,
                "dimension": dimension,
                "generation": self.move.generation,
            }
        )

    @property
    def embedders(self) -> set[str]:
        """The models that vectors of its records may be kept of: with a move, of both sides."""
        return {self.embedder, *((self.move.embedder, self.move.left) if self.move else ())}

    def check(self, embedder: str, dimension: int) -> None:
        """Raises `EmbedderChanged` unless vectors of this model can be compared with those that are here."""
        if (self.embedder, self.dimension) != (embedder, dimension):
            raise EmbedderChanged(self, embedder, dimension)


class MemoryRecord(BaseModel):
    """One remembered fact.

    Attributes:
        scope: the path it lies in, root scope included.
        importance: 0 to 1; what is more important is recalled rather.
        source: whom it comes from, where the crew says so; with `private`, only that source recalls it.
        execution_id: the execution that wrote it first.
        revision: 1 when it was written; each change adds one.
        expires_at: from then on it is as if it had been removed; null where it stays until somebody does.
    """

    record_id: str
    scope: str
    content: str
    categories: list[str] = []
    metadata: dict[str, JsonValue] = {}
    importance: float = 0.5
    source: str | None = None
    private: bool = False
    created_at: datetime
    updated_at: datetime
    execution_id: str | None = None
    revision: int = 1
    expires_at: datetime | None = None

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= now

    def check_size(self) -> None:
        """Raises `RecordTooLarge`."""
        size = len(self.model_dump_json().encode(errors="replace"))
        if size > MOST_RECORD_BYTES:
            raise RecordTooLarge(f"A memory record of {size:,} bytes is too large: {MOST_RECORD_BYTES:,} are allowed.")


def keep_until(now: datetime, *most_days: int | None) -> datetime | None:
    """When what is written now expires: after the least of these numbers of days. None and 0 set no bound."""
    days = min(filter(None, most_days), default=None)
    return None if days is None else now + timedelta(days=days)


class Remembered(NamedTuple):
    """A record with its vector: float32 numbers, little-endian, one after the other; none where it has none of the
    generation that was asked for."""

    record: MemoryRecord
    vector: bytes


def content_hash(text: str) -> str:
    """Under which the vector of a text is kept. SHA-256 (hex)."""
    return digest(text.encode(errors="replace").decode())


def scope_part(name: str) -> str:
    """One part of a path for any name. Different names have different parts, also where they differ in nothing but what
    a path cannot hold."""
    part = _PART.sub("-", name)[:100].strip("-.")
    return part if part and part == name else f"{part}-{digest(name)[:8]}".lstrip("-")


def crew_root(crew_name: str) -> str:
    """The root scope of a crew's own memory."""
    return f"{CREWS}/{scope_part(crew_name)}"


def normal_scope(text: str) -> str:
    """The path without empty parts. Raises `ScopeInvalid` for what is not below `/crews/NAME` or `/shared`."""
    parts = [part.strip() for part in text.split("/")]
    path = "/" + "/".join(part for part in parts if part)
    root_of(path)
    return path


def root_of(scope: str) -> str:
    """The root scope that a path belongs to. Raises `ScopeInvalid`."""
    parts = scope.split("/")
    if len(scope) > MOST_SCOPE:
        raise ScopeInvalid(f"A scope has at most {MOST_SCOPE} characters.")
    if not scope.isprintable():
        raise ScopeInvalid("A scope has characters that cannot be shown.")
    if scope == SHARED or scope.startswith(f"{SHARED}/"):
        return SHARED
    if scope.startswith(f"{CREWS}/") and parts[2]:
        return "/".join(parts[:3])
    raise ScopeInvalid(f"{scope!r} is no scope of memory.")


def is_within(scope: str, outer: str) -> bool:
    """Whether a path is the outer one or lies below it."""
    return scope == outer or scope.startswith(f"{outer.rstrip('/')}/")


def child_scopes(scopes: Iterable[str], parent: str) -> list[str]:
    """The paths directly below the parent that hold something, sorted."""
    prefix = f"{parent.rstrip('/')}/"
    return sorted({prefix + scope.removeprefix(prefix).split("/")[0] for scope in scopes if scope.startswith(prefix)})


def below(root: str, scope: str) -> str:
    """The path within the root scope that a crew means by `scope`; what is not inside already is put below it. Too
    long a path is cut, since it is a model that chose it."""
    path = "/" + "/".join(part for part in (one.strip() for one in scope.split("/")) if part)
    path = "".join(character if character.isprintable() else "-" for character in path)
    if not is_within(path, root):
        path = root if path == "/" else root + path
    return path[:MOST_SCOPE].rstrip("/ ")
