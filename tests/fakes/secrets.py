"""`SecretStore` and `Secrets` in dictionaries."""

from __future__ import annotations

from datetime import datetime

from stepcrew.domain.secrets import StoredSecret


class FakeSecretStore:
    """`groups` holds the secrets by group and name, `lent` the names of the operator's keys."""

    def __init__(self) -> None:
        self.groups: dict[tuple[str, str], tuple[str, StoredSecret]] = {}
        self.lent: set[str] = set()

    def put(self, group_id: str, name: str, value: str, *, set_by: str | None, now: datetime) -> StoredSecret:
        stored = StoredSecret(name=name, set_at=now, set_by=set_by)
        self.groups[group_id, name] = value, stored
        return stored

    def secrets(self, group_id: str) -> list[StoredSecret]:
        found = [stored for (owner, _), (_, stored) in self.groups.items() if owner == group_id]
        return sorted(found, key=lambda one: one.name)

    def delete(self, group_id: str, name: str) -> None:
        self.groups.pop((group_id, name), None)

    def missing(self, group_id: str, names: set[str]) -> set[str]:
        return {name for name in names if (group_id, name) not in self.groups}

    def not_lent(self, names: set[str]) -> set[str]:
        return names - self.lent
