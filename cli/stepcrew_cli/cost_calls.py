"""The API's methods of costs, usage, prices and budgets; as in `client`."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from pydantic import JsonValue

from stepcrew_cli.answer import Answer
from stepcrew_cli.transport import Transport

API = "/api/v1"


class CostCalls:
    """A part of `Client`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def cost(self, execution_id: str, price_book: str | None) -> Answer:
        """By the newest price book, or the one of that name."""
        params = {"price_book": price_book} if price_book else {}
        return Answer(
            self._transport.request("GET", f"{API}/executions/{quote(execution_id, safe='')}/cost", params=params)
        )

    def prices(self) -> Answer:
        """The group's own prices of models."""
        return Answer(self._transport.request("GET", f"{API}/prices"))

    def set_prices(self, body: Mapping[str, JsonValue]) -> Answer:
        """Replaces all of them. May be repeated."""
        return Answer(self._transport.request("PUT", f"{API}/prices", json=body))

    def usage(self, params: Mapping[str, str]) -> Answer:
        return Answer(self._transport.request("GET", f"{API}/usage", params=params))

    def usage_table(self, params: Mapping[str, str]) -> str:
        """The same as CSV."""
        return self._transport.request("GET", f"{API}/usage", params={**params, "format": "csv"}).text

    def recount(self, params: Mapping[str, str], *, repair: bool) -> Answer:
        """With `repair`, what was not counted is counted first. May be repeated."""
        return Answer(self._transport.request("POST" if repair else "GET", f"{API}/usage/recount", params=params))

    def budgets(self) -> Answer:
        return Answer(self._transport.request("GET", f"{API}/budgets"))

    def set_budgets(self, body: Mapping[str, JsonValue]) -> Answer:
        """Replaces all of them. May be repeated."""
        return Answer(self._transport.request("PUT", f"{API}/budgets", json=body))
