"""Opaque cursors: clients hand them back, nobody else reads them."""

from __future__ import annotations

import base64
import binascii

from stepcrew.domain.errors import Fault, InvalidRequest


def encode(*parts: str | int) -> str:
    return base64.urlsafe_b64encode(".".join(str(part) for part in parts).encode()).decode().rstrip("=")


def invalid() -> InvalidRequest:
    """The fault of a cursor that was not handed out."""
    fault = Fault(pointer="", code="cursor", detail="The cursor is not one that was handed out.")
    return InvalidRequest(fault.detail, [fault])


def decode(cursor: str) -> str:
    """Raises `InvalidRequest` for anything that was not made by `encode`."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        return base64.b64decode(padded.encode(), altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError) as error:
        raise invalid() from error


def decode_number(cursor: str | None) -> int:
    """The number behind which to go on; 0 is the beginning."""
    text = decode(cursor) if cursor else "0"
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise invalid()
    return int(text)


def decode_position(cursor: str | None) -> tuple[int, int]:
    """(attempt, sequence) behind which to go on; (0, 0) is the beginning."""
    if not cursor:
        return 0, 0
    attempt, dot, sequence = decode(cursor).partition(".")
    if not dot or not (attempt.isascii() and attempt.isdigit() and sequence.isascii() and sequence.isdigit()):
        raise invalid()
    position = int(attempt[:9]), int(sequence[:9])
    if position[0] > 9999 or position[1] > 99_999_999:
        raise invalid()
    return position
