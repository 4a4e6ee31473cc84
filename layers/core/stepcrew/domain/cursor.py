"""Opaque cursors: clients hand them back, nobody else reads them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import TypeVar

from stepcrew.domain.errors import InvalidRequest

Entry = TypeVar("Entry")


def encode(*parts: str | int) -> str:
    return base64.urlsafe_b64encode(".".join(str(part) for part in parts).encode()).decode().rstrip("=")


def invalid() -> InvalidRequest:
    """The fault of a cursor that was not handed out."""
    return InvalidRequest.at("", "cursor", "The cursor is not one that was handed out.")


def page(found: list[Entry], limit: int, place: Callable[[Entry], str | int]) -> tuple[list[Entry], str | None]:
    """The first `limit` of what was found, and the cursor of the page behind them; null where there is no more."""
    return found[:limit], encode(place(found[limit - 1])) if len(found) > limit else None


def decode(cursor: str | None) -> str | None:
    """What was encoded; null is the beginning. Raises `InvalidRequest` for anything that was not made by `encode`."""
    return _decoded(cursor) if cursor else None


def _decoded(cursor: str) -> str:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return base64.b64decode(padded.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise invalid() from error


def decode_number(cursor: str | None) -> int:
    """The number behind which to go on; 0 is the beginning."""
    text = decode(cursor) or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise invalid()
    return int(text)


def decode_position(cursor: str | None) -> tuple[int, int]:
    """(attempt, sequence) behind which to go on; (0, 0) is the beginning."""
    if not cursor:
        return 0, 0
    attempt, dot, sequence = _decoded(cursor).partition(".")
    if not dot or not (attempt.isascii() and attempt.isdigit() and sequence.isascii() and sequence.isdigit()):
        raise invalid()
    position = int(attempt[:9]), int(sequence[:9])
    if position[0] > 9999 or position[1] > 99_999_999:
        raise invalid()
    return position
