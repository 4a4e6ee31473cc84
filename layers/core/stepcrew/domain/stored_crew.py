"""Crews that a group keeps under a name. A version never changes, and no number is ever given twice."""

from __future__ import annotations

import zlib
from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel

from stepcrew.domain.errors import InvalidRequest
from stepcrew.domain.secrets import secrets_of
from stepcrew.domain.submission import Submission, document_of, fingerprint

CREW_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$"
ALIAS_NAME = r"^[A-Za-z][A-Za-z0-9_-]{0,39}$"
CREW_REFERENCE = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}(@([1-9][0-9]{0,5}|[A-Za-z][A-Za-z0-9_-]{0,39}))?$"
LATEST = "latest"
"""No alias has this name: `name` alone is the latest version."""
MOST_ALIASES = 50
MOST_VERSIONS = 999_999
MOST_PACKED_BYTES = 380_000
"""An item of the table holds at most 400 KB; as text this is a megabyte or more."""


class CrewVersion(BaseModel):
    """Which version of which stored crew an execution was made from."""

    name: str
    version: int


class StoredCrew(BaseModel):
    """One version of a stored crew without its document; `tasks` and `agents` are counts. `definition_hash` is the
    SHA-256 (hex) of the document, `secrets` are the names of the group's secrets it needs."""

    name: str
    version: int
    tasks: int
    agents: int
    updated_at: datetime
    updated_by: str | None = None
    definition_hash: str
    secrets: list[str] = []
    kind: Literal["definition", "crew", "flow", "script"] = "definition"
    """`crew` and `flow` are projects: their own Python is what runs."""


class CrewAlias(BaseModel):
    """A name of the group's choice for one version of a stored crew: `support@prod`. It is moved to another version at
    any time; executions keep the version that it stood for when they were submitted."""

    alias: str
    version: int
    moved_at: datetime
    moved_by: str | None = None


class VersionHistory(NamedTuple):
    """Which versions of a stored crew exist: those from `oldest` to `latest.version`. A deleted crew has none
    (`oldest` is one more than the latest), but its history is kept, so that no number is given twice."""

    latest: StoredCrew
    oldest: int

    @property
    def is_deleted(self) -> bool:
        return self.oldest > self.latest.version

    def has(self, version: int) -> bool:
        return self.oldest <= version <= self.latest.version


def next_version(
    name: str, submission: Submission, history: VersionHistory | None, *, saved_by: str | None, now: datetime
) -> StoredCrew:
    """What the submission is stored as, or the latest version where that holds the same document. Raises
    `InvalidRequest` when the crew has had all the versions it may have."""
    document_hash = fingerprint(submission)
    if history and not history.is_deleted and history.latest.definition_hash == document_hash:
        return history.latest
    version = history.latest.version + 1 if history else 1
    if version > MOST_VERSIONS:
        raise InvalidRequest(f"The crew {name} has had {MOST_VERSIONS} versions: store it under another name.")
    return StoredCrew(
        name=name,
        version=version,
        tasks=len(submission.definition.tasks),
        agents=len(submission.definition.agents),
        updated_at=now,
        updated_by=saved_by,
        definition_hash=document_hash,
        secrets=sorted(secrets_of(submission)),
        kind=submission.project.kind if submission.project else "definition",
    )


def pack(submission: Submission) -> bytes:
    """The document as it is stored. Raises `InvalidRequest` when it is too large."""
    packed = zlib.compress(document_of(submission).encode())
    if len(packed) > MOST_PACKED_BYTES:
        detail = f"The crew is too large to be stored: {len(packed)} bytes when compressed, of {MOST_PACKED_BYTES}."
        raise InvalidRequest.at("/config", "too_large", detail)
    return packed


def unpack(packed: bytes) -> Submission:
    return Submission.model_validate_json(zlib.decompress(packed))


def split_reference(reference: str) -> tuple[str, int | str | None]:
    """`name@3` is (name, 3), a version; `name@prod` is (name, "prod"), an alias; `name` is (name, None), the latest."""
    name, _, wanted = reference.partition("@")
    is_version = wanted.isascii() and wanted.isdigit() and len(wanted) <= len(str(MOST_VERSIONS))
    return name, int(wanted) if is_version else wanted or None
