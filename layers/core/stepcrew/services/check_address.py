"""Which addresses deliveries may be posted to, as far as an address tells it; the socket is checked again."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from stepcrew.domain.errors import Fault
from stepcrew.domain.public_addresses import is_named_inside


class CheckAddress:
    """`inside` are the receivers inside the platform's network that the operator allows."""

    def __init__(self, inside: Sequence[str]) -> None:
        self._inside = {_place(url) for url in inside}

    def __call__(self, url: str, pointer: str) -> list[Fault]:
        if _place(url) in self._inside:
            return []
        faults: list[Fault] = []
        if not url.startswith("https://"):
            told, remedy = "Deliveries go over https only.", "Write an address that begins with https://."
            faults.append(Fault(pointer=pointer, code="not_https", detail=told, remedy=remedy))
        if is_named_inside(urlsplit(url).hostname or ""):
            told, remedy = "The address is inside the platform.", "Write one of the public internet."
            faults.append(Fault(pointer=pointer, code="private_address", detail=told, remedy=remedy))
        return faults


def _place(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port
