"""A region's prices from AWS's price list, in the shape of its files."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from scripts.price_book import BOOKS, OFFERS, PRODUCTS, NoPrice, add, prices_of, text_of

from stepcrew.domain.price_book import Priced, names

REGION = "eu-west-1"
GIVEN = {item: Decimal("0.000002") for item in set(Priced) - PRODUCTS.keys()}
TIERS = {Priced.TRANSITIONS: [("0", "0.0000000000"), ("4000", "0.0000250000")]}
"""The first ones of a month cost nothing."""


class PriceList:
    """Each service's file, with one product for each price and others that are nearly the same."""

    def __init__(self) -> None:
        self.offers: dict[str, dict[str, Any]] = {}
        for number, (item, product) in enumerate(PRODUCTS.items()):
            address = OFFERS.format(service=product.service, region=REGION)
            empty: dict[str, Any] = {
                "publicationDate": "2026-11-20T12:00:00Z",
                "products": {},
                "terms": {"OnDemand": {}},
            }
            self.offers.setdefault(address, empty)
            tiers = TIERS.get(item, [("0", f"0.00000{number + 10}00"), ("6000000000", "0.0000001000")])
            usage = f"EU-{product.usage}" if number % 2 else product.usage  # both are in use
            own = {**product.attributes, "regionCode": REGION, "usagetype": usage}
            self.put(address, f"SKU{number}", own, tiers)
            self.put(address, f"GLOBAL{number}", {**own, "usagetype": f"Global-{product.usage}"}, [("0", "0")])
            self.put(address, f"OTHER{number}", {**own, "usagetype": f"{usage}-Edge"}, [("0", "9")])
            self.put(address, f"AWAY{number}", {**own, "regionCode": "eu-west-2"}, [("0", "9")])

    def put(self, address: str, sku: str, attributes: dict[str, str], tiers: list[tuple[str, str]]) -> None:
        self.offers[address]["products"][sku] = {"sku": sku, "productFamily": "Any", "attributes": attributes}
        dimensions = {
            f"{sku}.T.{begin}": {"beginRange": begin, "endRange": "Inf", "pricePerUnit": {"USD": usd}}
            for begin, usd in tiers
        }
        self.offers[address]["terms"]["OnDemand"][sku] = {f"{sku}.T": {"priceDimensions": dimensions}}

    def read(self, address: str) -> dict[str, Any]:
        return self.offers[address]


@pytest.fixture
def books(tmp_path: Path) -> Path:
    (tmp_path / "2026-11.json").write_text(json.dumps({"name": "2026-11", "regions": {"us-east-1": {}}}))
    return tmp_path


def test_every_price_is_that_of_its_own_product_in_the_first_tier_that_costs(books: Path) -> None:
    file = add(REGION, None, GIVEN, books, PriceList().read)
    book = json.loads(file.read_text())
    assert list(book["regions"]) == ["us-east-1", REGION]
    found = book["regions"][REGION]
    assert {Priced(item) for item in found} == set(Priced)
    expected = {item: Decimal(f"0.00000{number + 10}") for number, item in enumerate(PRODUCTS)}
    expected |= {Priced.TRANSITIONS: Decimal("0.000025"), **GIVEN}
    assert {Priced(item): Decimal(price["usd"]) for item, price in found.items()} == expected
    assert found["object_reads"]["source"] == f"{OFFERS.format(service='AmazonS3', region=REGION)} of 2026-11-20"


def test_what_is_not_found_or_not_alone_is_named_and_nothing_is_written(books: Path) -> None:
    listed, before = PriceList(), (books / "2026-11.json").read_text()
    table = listed.offers[OFFERS.format(service="AmazonDynamoDB", region=REGION)]["products"]
    for sku in [sku for sku, one in table.items() if "ReadRequestUnits" in one["attributes"]["usagetype"]]:
        del table[sku]
    bucket = OFFERS.format(service="AmazonS3", region=REGION)
    listed.put(bucket, "TWICE", {"regionCode": REGION, "usagetype": "EU-Requests-Tier1"}, [("0", "1")])
    logs = OFFERS.format(service="AmazonCloudWatch", region=REGION)

    def read(address: str) -> dict[str, Any]:
        if address == logs:
            raise NoPrice(f"There is no {address}")
        return listed.read(address)

    with pytest.raises(NoPrice) as missing:
        add(REGION, None, GIVEN, books, read)
    lines = str(missing.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["table_reads", "object_writes", "log_gb"]
    assert "0 products of ReadRequestUnits" in lines[0]
    assert "2 products of Requests-Tier1" in lines[1]
    assert (books / "2026-11.json").read_text() == before


def test_what_has_no_product_here_is_asked_for() -> None:
    with pytest.raises(NoPrice, match=r"vector_queries: .*--given vector_queries=USD"):
        prices_of(REGION, {}, PriceList().read)


def test_a_price_in_another_currency_is_none() -> None:
    listed = PriceList()
    for offer in listed.offers.values():
        for term in offer["terms"]["OnDemand"].values():
            for one in next(iter(term.values()))["priceDimensions"].values():
                one["pricePerUnit"] = {"CNY": "1"}
    with pytest.raises(NoPrice, match="without a price in US dollars"):
        prices_of(REGION, GIVEN, listed.read)


def test_a_new_book_begins_with_the_region_that_stands_in_for_others(books: Path) -> None:
    with pytest.raises(NoPrice, match="us-east-1"):
        add(REGION, "2027-01", GIVEN, books, PriceList().read)
    assert [file.stem for file in books.glob("*.json")] == ["2026-11"]


@pytest.mark.parametrize("name", names())
def test_a_book_is_written_as_it_was(name: str) -> None:
    text = (BOOKS / f"{name}.json").read_text()
    assert text_of(json.loads(text)) == text
