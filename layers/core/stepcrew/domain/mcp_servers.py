"""What an MCP server of a definition may be: an address outside, and no secret in plain text."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from stepcrew.domain.definition import McpServer

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token (RFC 9110, 5.6.2)
_HEADER_VALUE = re.compile(r"([\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?)?")  # what httpx sends: ASCII, no blank ends
_SECRET_NAME = re.compile(r"auth|token|secret|key|passw|cookie|credential", re.IGNORECASE)
_SECRET_VALUE = re.compile(r"\s*(bearer|basic|digest)\s", re.IGNORECASE)


class HeaderFault(NamedTuple):
    name: str
    code: str
    detail: str
    remedy: str = ""


def address_fault(server: McpServer) -> str | None:
    """Why an address may not be reached, as far as its text tells; names are resolved and checked by the runner."""
    try:
        parts = urlsplit(server.url)
        host, _ = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return "The address of the MCP server cannot be read."
    if parts.scheme != "https" or not host:
        return "An MCP server needs an https:// address."
    if parts.username or parts.password:
        return "Credentials in an address are not kept secret: use headers with {secret: NAME}."
    inside = "The address is inside the platform."
    if host == "localhost" or host.endswith((".localhost", ".internal", ".local")):
        return inside
    address = _literal(host)
    return inside if address and not address.is_global else None


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


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address a host is written as, in the odd forms too that resolvers accept: 127.1, 0x7f000001, 2130706433."""
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        pass
    try:
        return ipaddress.ip_address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None
