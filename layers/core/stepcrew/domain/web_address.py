"""Addresses that users name as receivers."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, StringConstraints


def _address(text: str) -> str:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:
        raise ValueError("this is no address") from error
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise ValueError("write an address as https://example.com/path")
    if parts.username is not None or parts.fragment:
        raise ValueError("the address may have no user and no fragment")
    if not text.isascii() or any(ord(character) <= 32 for character in text):
        raise ValueError("the address may have only printable ASCII characters; encode the others")
    return text


WebAddress = Annotated[str, StringConstraints(max_length=2_000), AfterValidator(_address)]
