"""What AWS charges for what an execution uses: a file for each version of the prices, with the regions it knows.

The prices are list prices in US dollars, beyond what is free, in the first tier.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple

from stepcrew.domain.errors import InvalidRequest

_FOLDER = Path(__file__).parent / "price_books"
_OTHERS = "us-east-1"
"""Whose prices stand in for a region that a book does not have."""


class Priced(StrEnum):
    """What has a price, each for one unit."""

    GB_SECONDS = "function_gb_seconds"
    INVOCATIONS = "function_requests"
    TRANSITIONS = "state_transitions"
    TABLE_WRITES = "table_writes"
    TABLE_READS = "table_reads"
    QUEUE_REQUESTS = "queue_requests"
    OBJECT_WRITES = "object_writes"
    OBJECT_READS = "object_reads"
    API_REQUESTS = "api_requests"
    EVENTS = "events"
    LOG_GB = "log_gb"
    VECTOR_QUERIES = "vector_queries"
    VECTOR_GB_READ = "vector_gb_read"
    """Of the vectors of the index that a query asks."""
    VECTOR_GB_PUT = "vector_gb_put"


class PriceBook(NamedTuple):
    """The prices of one region. `region` is another than was asked for where the book does not have that one."""

    name: str
    region: str
    prices: Mapping[Priced, Decimal]


@cache
def names() -> list[str]:
    """The books there are, oldest first: each is named after the month from which its prices hold."""
    return sorted(file.stem for file in _FOLDER.glob("*.json"))


@cache
def price_book(region: str, name: str | None = None) -> PriceBook:
    """The newest book, or the one of this name. Raises `InvalidRequest` for a name that is none."""
    name = name or names()[-1]
    if name not in names():
        detail, remedy = f"There is no price book {name}.", f"Use one of: {', '.join(names())}."
        raise InvalidRequest.at("/price_book", "unknown_price_book", detail, remedy)
    regions = json.loads((_FOLDER / f"{name}.json").read_text())["regions"]
    known = region if region in regions else _OTHERS
    return PriceBook(name, known, {Priced(item): Decimal(price["usd"]) for item, price in regions[known].items()})
