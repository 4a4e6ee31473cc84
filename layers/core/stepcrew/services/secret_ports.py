"""What the use cases and the runner need of the place where secrets are kept; as in `ports`."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from stepcrew.domain.secrets import StoredSecret


class Secrets(Protocol):
    """The values, for the runner alone."""

    def group_secret(self, group_id: str, name: str) -> str | None: ...

    def operator_secrets(self) -> dict[str, str]:
        """The keys of the operator, by name: of model providers, and of tools that are lent to every group."""
        ...


class SecretStore(Protocol):
    """The same secrets as everybody else may see them: set, listed and removed, never read."""

    def put(self, group_id: str, name: str, value: str, *, set_by: str | None, now: datetime) -> StoredSecret:
        """Replaces the value of that name."""
        ...

    def secrets(self, group_id: str) -> list[StoredSecret]:
        """All of the group, by name."""
        ...

    def delete(self, group_id: str, name: str) -> None:
        """Removing what is not there changes nothing."""
        ...

    def missing(self, group_id: str, names: set[str]) -> set[str]:
        """Those of the names that the group has no secret of."""
        ...

    def not_lent(self, names: set[str]) -> set[str]:
        """Those of the names that the operator has no key of."""
        ...
