"""Which web addresses may be used: encrypted ones, and those on this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from stepcrew_cli.errors import CliError


def is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_web_address(url: str, what: str) -> None:
    """Raises CliError for an address to which no token may be sent."""
    parts = urlsplit(url)
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(url))):
        return
    raise CliError(f"{what} is {url!r}, which is not an https address.", remedy="Tokens are sent over https only.")


def same_origin(one: str, other: str) -> bool:
    """The same scheme, host and port."""
    return _origin(one) == _origin(other)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
