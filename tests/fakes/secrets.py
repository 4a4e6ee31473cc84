"""`SecretStore` and `Secrets` over one dictionary, as both adapters are over one Parameter Store."""

from __future__ import annotations

from datetime import UTC, datetime

from stepcrew.domain.secrets import StoredSecret

SET_BY_HAND_AT = datetime(2026, 1, 1, tzinfo=UTC)
"""When the secrets that a test wrote into `groups` itself were set."""


class FakeSecrets:
    """`groups` holds the values by group and name, `operator` the operator's keys."""

    def __init__(self) -> None:
        self.groups: dict[tuple[str, str], str] = {}
        self.operator: dict[str, str] = {}
        self._set: dict[tuple[str, str], StoredSecret] = {}

    def group_secret(self, group_id: str, name: str) -> str | None:
        return self.groups.get((group_id, name))

    def operator_secrets(self) -> dict[str, str]:
        return dict(self.operator)

    def put(self, group_id: str, name: str, value: str, *, set_by: str | None, now: datetime) -> StoredSecret:
        stored = StoredSecret(name=name, set_at=now, set_by=set_by)
        self.groups[group_id, name], self._set[group_id, name] = value, stored
        return stored

    def secrets(self, group_id: str) -> list[StoredSecret]:
        names = sorted(name for owner, name in self.groups if owner == group_id)
        by_hand = [StoredSecret(name=name, set_at=SET_BY_HAND_AT, set_by=None) for name in names]
        return [self._set.get((group_id, one.name), one) for one in by_hand]

    def delete(self, group_id: str, name: str) -> None:
        self.groups.pop((group_id, name), None)
        self._set.pop((group_id, name), None)

    def missing(self, group_id: str, names: set[str]) -> set[str]:
        return {name for name in names if (group_id, name) not in self.groups}

    def not_lent(self, names: set[str]) -> set[str]:
        return names - self.operator.keys()
