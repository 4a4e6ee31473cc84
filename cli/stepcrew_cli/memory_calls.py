"""The API's methods of memory; as in `client`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stepcrew_cli.answer import Answer
from stepcrew_cli.api_paths import api_path
from stepcrew_cli.transport import Transport


class MemoryCalls:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def scopes(self) -> Answer:
        return self._transport.ask("GET", api_path("memory"))

    def records(self, params: Mapping[str, str]) -> Answer:
        return self._transport.ask("GET", api_path("memory", "records"), params=params)

    def search(self, params: Mapping[str, str]) -> Answer:
        return self._transport.ask("GET", api_path("memory", "search"), params=params)

    def reembed(self, scope: str, embedder: str | None, backend: str | None) -> Answer:
        """May be repeated."""
        named = {"embedder": embedder, "backend": backend}
        body = {"scope": scope, **{name: value for name, value in named.items() if value}}
        return self._transport.ask("POST", api_path("memory", "reembed"), json=body)

    def export(self, scope: str | None) -> Iterator[str]:
        """JSON Lines, page by page; without a scope all of the group."""
        return self._transport.pages(api_path("memory", "export"), {"scope": scope} if scope else None)

    def remove_record(self, record_id: str) -> Answer:
        return self._transport.ask("DELETE", api_path("memory", "records", record_id))

    def remove_scope(self, path: str) -> Answer:
        """With everything below it. May be repeated."""
        return self._transport.ask("DELETE", api_path("memory", "scopes", *path.strip("/").split("/")))
