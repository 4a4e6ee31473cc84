"""Where the bundles of projects are kept. `stepcrew.aws.bundles` implements it."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class Upload(NamedTuple):
    """Where bytes may be put, for a while: by PUT to `url` with exactly these `headers`."""

    url: str
    headers: dict[str, str]


class BundleStore(Protocol):
    """The bundles of a group's projects, by the SHA-256 (hex) of their bytes. They do not expire."""

    def has(self, group_id: str, digest: str) -> bool: ...

    def upload(self, group_id: str, digest: str) -> Upload:
        """Only the bytes of that hash are taken there."""
        ...

    def read(self, group_id: str, digest: str) -> bytes | None: ...
