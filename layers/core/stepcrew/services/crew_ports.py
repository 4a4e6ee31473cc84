"""Where stored crews are kept. `stepcrew.aws.crews` implements it. Every method may be repeated safely."""

from __future__ import annotations

from typing import Protocol

from stepcrew.domain.stored_crew import CrewAlias, StoredCrew, VersionHistory


class CrewStore(Protocol):
    """The crews that groups keep under names. They do not expire. Documents come packed (`stored_crew.pack`)."""

    def history(self, group_id: str, name: str) -> VersionHistory | None:
        """Strongly consistent; None when there never was a crew of that name."""
        ...

    def add_version(self, group_id: str, crew: StoredCrew, packed: bytes, *, seen: VersionHistory | None) -> bool:
        """Stores `crew` as the latest version if the history is still the one that was seen; False, and nothing
        written, if not."""
        ...

    def version(self, group_id: str, name: str, version: int) -> tuple[StoredCrew, bytes] | None:
        """One version and its packed document, strongly consistent."""
        ...

    def crews(self, group_id: str, *, after: str | None, limit: int) -> list[StoredCrew]:
        """The latest versions of up to `limit` crews by name, those behind the name `after`."""
        ...

    def withdraw(self, group_id: str, name: str, *, seen: VersionHistory) -> bool:
        """From now on no version seen exists; False, and nothing written, when a newer one was stored since."""
        ...

    def remove_versions(self, group_id: str, name: str, latest: int) -> None:
        """Removes the documents of the versions up to `latest`, and the aliases that stand for them. Later ones belong
        to a crew stored since."""
        ...

    def alias(self, group_id: str, name: str, alias: str) -> CrewAlias | None:
        """Strongly consistent."""
        ...

    def aliases(self, group_id: str, name: str) -> list[CrewAlias]:
        """All of one crew by name, strongly consistent."""
        ...

    def put_alias(self, group_id: str, name: str, alias: CrewAlias) -> None:
        """Sets it, or moves it."""
        ...

    def remove_alias(self, group_id: str, name: str, alias: str) -> None: ...
