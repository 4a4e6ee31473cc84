"""The API's methods of batches; as in `client`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import JsonValue

from stepcrew_cli.answer import Answer
from stepcrew_cli.api_paths import api_path
from stepcrew_cli.transport import Transport


class BatchCalls:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, body: Mapping[str, JsonValue], key: str) -> Answer:
        return self._transport.ask("POST", api_path("batches"), json=body, headers={"Idempotency-Key": key})

    def newest(self, params: Mapping[str, str]) -> Answer:
        return self._transport.ask("GET", api_path("batches"), params=params)

    def read(self, batch_id: str) -> Answer:
        return self._transport.ask("GET", api_path("batches", batch_id))

    def rows(self, batch_id: str, params: Mapping[str, str]) -> Answer:
        return self._transport.ask("GET", api_path("batches", batch_id, "rows"), params=params)

    def results(self, batch_id: str) -> Iterator[str]:
        """JSON Lines, page by page."""
        return self._transport.pages(api_path("batches", batch_id, "results"))

    def cancel(self, batch_id: str) -> Answer:
        """May be repeated."""
        return self._transport.ask("POST", api_path("batches", batch_id, "cancel"))

    def retry(self, batch_id: str) -> Answer:
        """Sent again, it is refused while the round that it began runs."""
        return self._transport.ask("POST", api_path("batches", batch_id, "retry"))
