"""Addresses that users name: receivers of deliveries, MCP servers, model connections."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, StringConstraints

from stepcrew.domain.public_addresses import is_named_inside


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


def public_address(url: str, what: str) -> SplitResult:
    """The parts of an https address that may be outside, as far as its text tells; where its name leads is looked at
    when a socket connects. Raises ValueError, whose message is a sentence about `what`."""
    try:
        parts = urlsplit(url)
        host, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise ValueError("The address cannot be read.") from error
    if parts.scheme != "https" or not host:
        raise ValueError(f"{what} needs an https:// address.")
    if is_named_inside(host):
        raise ValueError("The address is inside the platform.")
    return parts
