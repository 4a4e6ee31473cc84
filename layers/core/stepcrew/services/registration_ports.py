"""Where what groups register under names is kept. `stepcrew.aws.registrations` implements it."""

from __future__ import annotations

from typing import Protocol, TypeVar

from stepcrew.domain.registration import Registered

Kept = TypeVar("Kept", bound=Registered)


class RegistrationStore(Protocol[Kept]):
    """Keeps what groups have registered, all of one kind. Every method may be repeated safely; what is read is strongly
    consistent."""

    def one(self, group_id: str, name: str) -> Kept | None: ...

    def every(self, group_id: str) -> list[Kept]:
        """All of a group, by name."""
        ...

    def put(self, group_id: str, kept: Kept) -> None: ...

    def delete(self, group_id: str, name: str) -> None: ...
