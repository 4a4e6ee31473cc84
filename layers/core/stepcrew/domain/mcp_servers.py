"""What an MCP server of a definition may be: an address outside, and no secret in plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import parse_qsl

from stepcrew.domain.definition import McpServer
from stepcrew.domain.web_address import public_address

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token (RFC 9110, 5.6.2)
_HEADER_VALUE = re.compile(r"([\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?)?")  # what httpx sends: ASCII, no blank ends
_SECRET_NAME = re.compile(
    r"auth|token|secret|key|passw|pwd|cookie|credential|session|jwt|signature|(^|[-_])pat$", re.IGNORECASE
)
_SECRET_VALUE = re.compile(r"\s*(bearer|basic|digest|negotiate|token|apikey)\s", re.IGNORECASE)


class HeaderFault(NamedTuple):
    name: str
    code: str
    detail: str
    remedy: str = ""


def address_fault(server: McpServer) -> str | None:
    """Why an address may not be reached, as far as its text tells."""
    try:
        parts = public_address(server.url, "An MCP server")
    except ValueError as error:
        return str(error)
    if parts.username or parts.password:
        return "Credentials in an address are not kept secret: use headers with {secret: NAME}."
    if any(_SECRET_NAME.search(name) for name, _ in parse_qsl(parts.query, keep_blank_values=True)):
        return "The query of the address looks like a secret: use headers with {secret: NAME}."
    return None


def header_faults(server: McpServer) -> Iterator[HeaderFault]:
    """Headers no request can carry, and secrets in plain text: a definition is stored, shown and submitted again."""
    for name, value in server.headers.items():
        if not _HEADER_NAME.fullmatch(name):
            yield HeaderFault(name, "header_name", f"{name!r} is no name of a header.")
        elif not isinstance(value, str):
            continue
        elif not _HEADER_VALUE.fullmatch(value):
            detail = f"The value of the header {name} must be ASCII, without line breaks and without blanks around it."
            yield HeaderFault(name, "header_value", detail)
        elif _SECRET_NAME.search(name) or _SECRET_VALUE.match(value):
            detail = f"The header {name} looks like a secret, and a definition is no place for one."
            yield HeaderFault(name, "plain_secret", detail, "Write {secret: NAME}, the name of a secret of the group.")
