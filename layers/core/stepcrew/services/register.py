"""Keeps what a group registers under names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from pydantic import BaseModel

from stepcrew.domain.errors import Fault, InvalidRequest
from stepcrew.domain.registration import check_room
from stepcrew.services.ports import Clock
from stepcrew.services.registration_ports import Kept, RegistrationStore

Spec = TypeVar("Spec", bound=BaseModel)


class Register(Generic[Spec, Kept]):
    """Registers what a `Spec` tells, or replaces it. Storing the same again changes nothing but the date. `faults` are
    those of one thing beside the names that the group has."""

    def __init__(
        self,
        store: RegistrationStore[Kept],
        kind: type[Kept],
        faults: Callable[[Kept, set[str]], list[Fault]],
        clock: Clock,
    ) -> None:
        self._store = store
        self._kind = kind
        self._faults = faults
        self._clock = clock

    def __call__(self, group_id: str, name: str, spec: Spec, updated_by: str | None) -> tuple[Kept, bool]:
        """It as it is stored now, and whether there was none of that name. Raises `InvalidRequest`."""
        made = self._kind(**spec.model_dump(), name=name, updated_at=self._clock.now(), updated_by=updated_by)
        known = {one.name for one in self._store.every(group_id)}
        if faults := self._faults(made, known):
            raise InvalidRequest.of(faults)
        check_room(name, known, self._kind.MOST, self._kind.PLURAL)
        self._store.put(group_id, made)
        return made, name not in known
