"""The API's methods of batches; as in `client`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from pydantic import JsonValue

from stepcrew_cli.answer import Answer
from stepcrew_cli.transport import Transport

BATCHES = "/api/v1/batches"


class BatchCalls:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, body: Mapping[str, JsonValue], key: str) -> Answer:
        return Answer(self._transport.request("POST", BATCHES, json=body, headers={"Idempotency-Key": key}))

    def newest(self, params: Mapping[str, str]) -> Answer:
        return Answer(self._transport.request("GET", BATCHES, params=params))

    def read(self, batch_id: str) -> Answer:
        return Answer(self._transport.request("GET", _path(batch_id)))

    def rows(self, batch_id: str, params: Mapping[str, str]) -> Answer:
        return Answer(self._transport.request("GET", f"{_path(batch_id)}/rows", params=params))

    def results(self, batch_id: str) -> Iterator[str]:
        """JSON Lines, page by page."""
        path = f"{_path(batch_id)}/results"
        while path:
            response = self._transport.request("GET", path)
            yield response.text
            path = response.links.get("next", {}).get("url", "")

    def cancel(self, batch_id: str) -> Answer:
        """May be repeated."""
        return Answer(self._transport.request("POST", f"{_path(batch_id)}/cancel"))

    def retry(self, batch_id: str) -> Answer:
        """Sent again, it is refused while the round that it began runs."""
        return Answer(self._transport.request("POST", f"{_path(batch_id)}/retry"))


def _path(batch_id: str) -> str:
    return f"{BATCHES}/{quote(batch_id, safe='')}"
