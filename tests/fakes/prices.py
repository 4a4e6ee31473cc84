"""Price lists of groups in a dictionary."""

from __future__ import annotations

from stepcrew.domain.model_prices import PriceList


class FakePrices:
    """`PriceStore`."""

    def __init__(self) -> None:
        self._lists: dict[str, str] = {}

    def price_list(self, group_id: str) -> PriceList:
        return PriceList.model_validate_json(self._lists.get(group_id, "{}"))

    def save_price_list(self, group_id: str, prices: PriceList) -> None:
        self._lists[group_id] = prices.model_dump_json()
