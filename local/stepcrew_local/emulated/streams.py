"""The table's stream over a restart: the emulator keeps how far each function has read, but not what it reads.

Then it would take the first records of the next start for read. `engine` checks that each piece still fits.
"""

from __future__ import annotations

import copy
from typing import Any

from ministack.services import dynamodb

_get_state = dynamodb.get_state
_load_persisted_state = dynamodb.load_persisted_state
_KEPT = {"stream_records": dynamodb._stream_records, "stream_trimmed": dynamodb._stream_trimmed}


def install() -> None:
    """Keeps the records of streams with the tables."""
    dynamodb.get_state = get_state
    dynamodb.load_persisted_state = load_persisted_state


def get_state() -> dict[str, Any]:
    """Does what the emulator's own does, with the records of streams."""
    return {**_get_state(), **{name: copy.deepcopy(kept) for name, kept in _KEPT.items()}}


def load_persisted_state(data: dict[str, Any] | None) -> None:
    """Does what the emulator's own does, with the records of streams."""
    _load_persisted_state(data)
    for name, kept in _KEPT.items():
        kept.update((data or {}).get(name) or {})
