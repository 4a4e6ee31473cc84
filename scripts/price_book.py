"""Adds a region's prices to the newest price book, from AWS's public price list.

    .venvs/dev/bin/python scripts/price_book.py eu-central-1

Each price is that of the one product with the usage type and attributes below, in its first tier that costs something.
Nothing is written when one is not found, or not alone; `--given vector_queries=0.0000025` is for what was looked up by
hand, as the prices of S3 Vectors have to be. `--book 2027-01` begins a new book, with us-east-1 first: its prices
stand in for regions that a book does not have.

Sources: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/bulk-api-reading-price-list-files.html; the
products' attributes as a cost tool reads them from the same list (https://github.com/infracost/infracost).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "layers/core")]

from stepcrew.domain.price_book import Priced  # noqa: E402

BOOKS = ROOT / "layers/core/stepcrew/domain/price_books"
FIRST_REGION = "us-east-1"
BY_HAND = "https://aws.amazon.com/pricing/, looked up by hand"
OFFERS = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/{service}/current/{region}/index.json"

Offer = dict[str, Any]


class Product(NamedTuple):
    """Where a price is found. `usage` is the usage type without the region's prefix (`EU-`), which us-east-1 leaves out
    for some products; `attributes` are others that tell it from its like."""

    service: str
    usage: str
    attributes: Mapping[str, str] = MappingProxyType({})


PRODUCTS = {
    Priced.GB_SECONDS: Product("AWSLambda", "Lambda-GB-Second-ARM", {"group": "AWS-Lambda-Duration-ARM"}),
    Priced.INVOCATIONS: Product("AWSLambda", "Request-ARM", {"group": "AWS-Lambda-Requests-ARM"}),
    Priced.TRANSITIONS: Product("AmazonStates", "StateTransition"),
    Priced.TABLE_WRITES: Product("AmazonDynamoDB", "WriteRequestUnits", {"group": "DDB-WriteUnits"}),
    Priced.TABLE_READS: Product("AmazonDynamoDB", "ReadRequestUnits", {"group": "DDB-ReadUnits"}),
    Priced.QUEUE_REQUESTS: Product(
        "AWSQueueService", "Requests-FIFO-Tier1", {"queueType": "FIFO (first-in, first-out)"}
    ),
    Priced.OBJECT_WRITES: Product("AmazonS3", "Requests-Tier1"),
    Priced.OBJECT_READS: Product("AmazonS3", "Requests-Tier2"),
    Priced.API_REQUESTS: Product("AmazonApiGateway", "ApiGatewayHttpRequest"),
    Priced.EVENTS: Product("AWSEvents", "Event-64K-Chunks", {"eventType": "Custom Event"}),
    Priced.LOG_GB: Product("AmazonCloudWatch", "DataProcessing-Bytes", {"operation": "PutLogEvents"}),
}


class NoPrice(Exception):
    """A price list does not have what it is asked for."""


def fetched(address: str) -> Offer:
    """Raises `NoPrice` where there is no such file."""
    answer = httpx.get(address, timeout=120, follow_redirects=True)
    if answer.status_code in (403, 404):
        raise NoPrice(f"There is no {address}: is that a region of AWS, and does it have the service?")
    return answer.raise_for_status().json()


def prices_of(
    region: str, given: Mapping[Priced, Decimal], read: Callable[[str], Offer] = fetched
) -> dict[str, dict[str, str]]:
    """The region's part of a book; `given` are prices that somebody looked up. Raises `NoPrice`, which names everything
    that was not found."""
    read = cache(read)
    found: dict[str, dict[str, str]] = {}
    missing: list[str] = []
    for item in Priced:
        product = PRODUCTS.get(item)
        if item in given:
            found[item.value] = {"usd": f"{given[item]:f}", "source": BY_HAND}
        elif product is None:
            missing.append(f"{item}: not looked for in the list; pass --given {item}=USD, 0 where {region} lacks it")
        else:
            address = OFFERS.format(service=product.service, region=region)
            try:
                offer = read(address)
                usd = price_in(offer, region, product)
            except NoPrice as error:
                missing.append(f"{item}: {error}")
            else:
                found[item.value] = {"usd": f"{usd:f}", "source": f"{address} of {offer['publicationDate'][:10]}"}
    if missing:
        raise NoPrice("\n".join(missing))
    return found


def price_in(offer: Offer, region: str, product: Product) -> Decimal:
    """Of one unit, in the first tier that is not free. Raises `NoPrice`."""
    skus = [sku for sku, one in offer["products"].items() if _is(product, region, one["attributes"])]
    told = f"{product.service} has {len(skus)} products of {product.usage} with {product.attributes} in {region}"
    if len(skus) != 1:
        raise NoPrice(told)
    terms = offer["terms"]["OnDemand"].get(skus[0], {})
    tiers = [tier for term in terms.values() for tier in term["priceDimensions"].values()]
    paid = [
        (Decimal(tier["beginRange"]), Decimal(tier["pricePerUnit"]["USD"]))
        for tier in tiers
        if Decimal(tier["pricePerUnit"].get("USD", "0")) > 0
    ]
    if not paid:
        raise NoPrice(f"{told}, without a price in US dollars")
    return min(paid)[1].normalize()


def _is(product: Product, region: str, attributes: dict[str, str]) -> bool:
    usage = re.fullmatch(r"(?:[A-Z0-9]+-)?(.+)", attributes.get("usagetype", ""))
    names = {attributes.get("usagetype"), usage and usage[1]}
    own = attributes.get("regionCode", region) == region
    return own and product.usage in names and product.attributes.items() <= attributes.items()


def add(
    region: str,
    name: str | None,
    given: Mapping[Priced, Decimal],
    books: Path = BOOKS,
    read: Callable[[str], Offer] = fetched,
) -> Path:
    """Writes the region into the book of this name, or the newest. Raises `NoPrice`; nothing is written then."""
    file = books / f"{name}.json" if name else max(books.glob("*.json"))
    book: Offer = json.loads(file.read_text()) if file.exists() else {"name": file.stem, "regions": {}}
    if FIRST_REGION not in {region, *book["regions"]}:
        raise NoPrice(
            f"A new book begins with {FIRST_REGION}, whose prices stand in for regions that it does not have."
        )
    book["regions"][region] = prices_of(region, given, read)
    file.write_text(text_of(book))
    return file


def text_of(book: Offer) -> str:
    """Each price on a line of its own."""
    price = r'\{\s+"usd": ("[^"]*"),\s+"source": ("[^"]*")\s+\}'
    return re.sub(price, r'{"usd": \1, "source": \2}', json.dumps(book, indent=2)) + "\n"


def _given(text: str) -> tuple[Priced, Decimal]:
    """Raises ValueError, which argparse tells."""
    item, _, usd = text.partition("=")
    try:
        return Priced(item), Decimal(usd)
    except ArithmeticError as error:
        raise ValueError(text) from error


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("region", metavar="REGION")
    parser.add_argument(
        "--book", metavar="YEAR-MONTH", help="The month from which the prices hold. Default: the newest."
    )
    parser.add_argument(
        "--given", metavar="ITEM=USD", action="append", default=[], type=_given, help="Looked up by hand."
    )
    options = parser.parse_args()
    if options.book and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", options.book):
        parser.error("--book is a month, such as 2027-01.")
    try:
        print(add(options.region, options.book, dict(options.given)))
    except (NoPrice, httpx.HTTPError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
