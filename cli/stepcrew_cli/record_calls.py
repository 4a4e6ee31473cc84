"""The API's methods of what a group's members did, and of removing it; as in `client`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stepcrew_cli.answer import Answer
from stepcrew_cli.api_paths import api_path
from stepcrew_cli.transport import Transport


class RecordCalls:
    """A part of `Client`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def audit(self, params: Mapping[str, str]) -> Answer:
        """A page of the audit log."""
        return self._transport.ask("GET", api_path("audit"), params=params)

    def audit_lines(self, params: Mapping[str, str]) -> Iterator[str]:
        """The whole log as JSON Lines, page by page."""
        return self._transport.pages(api_path("audit"), {**params, "format": "jsonl"})

    def erase_user(self, user: str) -> Answer:
        """May be repeated: while it goes on, the same one is answered."""
        return self._transport.ask("DELETE", api_path("users", user))

    def erase_group(self, group_id: str) -> Answer:
        """May be repeated likewise."""
        return self._transport.ask("DELETE", api_path("groups", group_id))

    def erasures(self) -> Answer:
        return self._transport.ask("GET", api_path("erasures"))

    def erasure(self, erasure_id: str) -> Answer:
        return self._transport.ask("GET", api_path("erasures", erasure_id))
