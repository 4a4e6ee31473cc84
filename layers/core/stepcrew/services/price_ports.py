"""What the use cases need of a group's own prices; as in `ports`."""

from __future__ import annotations

from typing import Protocol

from stepcrew.domain.model_prices import PriceList


class PriceStore(Protocol):
    def price_list(self, group_id: str) -> PriceList:
        """Strongly consistent; empty where the group has none."""
        ...

    def save_price_list(self, group_id: str, prices: PriceList) -> None:
        """In the place of the one before."""
        ...
