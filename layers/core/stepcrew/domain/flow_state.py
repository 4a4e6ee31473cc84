"""How large the state of a flow may be that is kept for later executions."""

from __future__ import annotations

import zlib

from stepcrew.domain.errors import Category, StepcrewError

MOST_PACKED_BYTES = 380_000
"""An item of the table holds at most 400 KB."""


class StateTooLarge(StepcrewError):
    """What a flow wants to keep is larger than one item."""

    category = Category.CREW
    remedy = "Keep less in the state: large texts belong into files."


def packed(document: str) -> bytes:
    """Raises `StateTooLarge`."""
    content = zlib.compress(document.encode())
    if len(content) > MOST_PACKED_BYTES:
        raise StateTooLarge(f"The flow's state has {len(content)} bytes when compressed, of {MOST_PACKED_BYTES}.")
    return content


def unpacked(content: bytes) -> str:
    return zlib.decompress(content).decode()
