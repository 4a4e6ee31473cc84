"""The API's methods of costs, usage, prices and budgets; as in `client`."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from stepcrew_cli.answer import Answer
from stepcrew_cli.api_paths import api_path
from stepcrew_cli.transport import Transport


class CostCalls:
    """A part of `Client`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def cost(self, execution_id: str, price_book: str | None) -> Answer:
        """By the newest price book, or the one of that name."""
        params = {"price_book": price_book} if price_book else {}
        return self._transport.ask("GET", api_path("executions", execution_id, "cost"), params=params)

    def prices(self) -> Answer:
        """The group's own prices of models."""
        return self._transport.ask("GET", api_path("prices"))

    def set_prices(self, body: Mapping[str, JsonValue]) -> Answer:
        """Replaces all of them. May be repeated."""
        return self._transport.ask("PUT", api_path("prices"), json=body)

    def usage(self, params: Mapping[str, str]) -> Answer:
        return self._transport.ask("GET", api_path("usage"), params=params)

    def usage_table(self, params: Mapping[str, str]) -> str:
        """The same as CSV."""
        return self._transport.request("GET", api_path("usage"), params={**params, "format": "csv"}).text

    def recount(self, params: Mapping[str, str], *, repair: bool) -> Answer:
        """With `repair`, what was not counted is counted first. May be repeated."""
        return self._transport.ask("POST" if repair else "GET", api_path("usage", "recount"), params=params)

    def budgets(self) -> Answer:
        return self._transport.ask("GET", api_path("budgets"))

    def set_budgets(self, body: Mapping[str, JsonValue]) -> Answer:
        """Replaces those of the revision that is named in it."""
        return self._transport.ask("PUT", api_path("budgets"), json=body)
