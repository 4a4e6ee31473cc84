"""Which addresses the code of others, or what they name, may connect to: those that are plainly public, and the places
inside that the operator named."""

from __future__ import annotations

import socket
from collections.abc import Container, Iterable
from urllib.parse import urlsplit

from stepcrew.domain.public_addresses import is_public


class PrivateAddress(ConnectionError):
    """Somebody tried to reach an address inside the platform."""


def addresses_of(urls: Iterable[str]) -> set[tuple[str, int]]:
    """The addresses and ports behind these URLs, as they are found now; a name that is not found has none."""
    found: set[tuple[str, int]] = set()
    for url in urls:
        parts = urlsplit(url)
        if parts.hostname:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            try:
                entries = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
            except OSError:
                continue  # whoever connects to it will say so
            found.update((str(entry[4][0]), port) for entry in entries)
    return found


def check_reach(host: str, port: object, inside: Container[tuple[str, object]], who: str = "a receiver") -> None:
    """Raises `PrivateAddress` unless the address is public or one of `inside`."""
    if not is_public(host) and (host, port) not in inside:
        raise PrivateAddress(f"The address {host} is inside the platform and cannot be reached by {who}.")
