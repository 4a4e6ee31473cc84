"""The price lists of groups: one item each."""

from __future__ import annotations

from stepcrew.aws import keys
from stepcrew.aws.clients import Clients
from stepcrew.aws.items import values
from stepcrew.aws.records import Records
from stepcrew.domain.model_prices import PriceList


class TablePrices:
    """`PriceStore` over DynamoDB."""

    def __init__(self, clients: Clients, table: str) -> None:
        self._records = Records(clients, table)

    def price_list(self, group_id: str) -> PriceList:
        found = self._records.item(keys.group(group_id), keys.PRICES)
        return PriceList.model_validate_json(values(found)["document"]) if found else PriceList()

    def save_price_list(self, group_id: str, prices: PriceList) -> None:
        new = {"PK": keys.group(group_id), "SK": keys.PRICES, "document": prices.model_dump_json()}
        self._records.put("Storing the prices", new)
