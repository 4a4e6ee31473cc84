"""The API's methods of memory; as in `client`."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from stepcrew_cli.answer import Answer
from stepcrew_cli.transport import Transport

MEMORY = "/api/v1/memory"


class MemoryCalls:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def scopes(self) -> Answer:
        return Answer(self._transport.request("GET", MEMORY))

    def records(self, params: Mapping[str, str]) -> Answer:
        return Answer(self._transport.request("GET", f"{MEMORY}/records", params=params))

    def remove_record(self, record_id: str) -> Answer:
        return Answer(self._transport.request("DELETE", f"{MEMORY}/records/{quote(record_id, safe='')}"))

    def remove_scope(self, path: str) -> Answer:
        """With everything below it. May be repeated."""
        return Answer(self._transport.request("DELETE", f"{MEMORY}/scopes/{quote(path.strip('/'))}"))
