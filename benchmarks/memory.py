"""What memory costs as it grows: the time of a search, what it reads of the table, and what remembering writes."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from decimal import Decimal
from math import ceil
from pathlib import Path
from typing import Any

from tests.aws_table import GROUP, NOW, RETENTION_DAYS, TABLE, emulated_aws

from benchmarks.report import Figure, median
from stepcrew.aws.indexed_memory import MORE, IndexedMemory
from stepcrew.aws.vector_bucket import VectorBucket
from stepcrew.domain.memory import MemoryRecord, Remembered, RootScope, content_hash
from stepcrew.domain.price_book import Priced, price_book

REGION = "us-east-1"
RECORDS = (1_000, 10_000, 50_000)
DIMENSIONS = 1_536
"""Of openai/text-embedding-3-small, the operator's unless they say otherwise."""
ROOT = "/crews/measured"
TEXT = "Guest 4711 prefers the table at the window, drinks green tea without sugar and pays by card. " * 2
MOST_SEARCH_MS = {1_000: 100, 10_000: 1_000, 50_000: 5_000}
PAGE_BYTES = 1024 * 1024
"""That a query answers at once, and so the requests of a search
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Query.Pagination.html)."""
RECALLED = 10
VECTOR_EXTRAS = 250
"""Bytes of a vector's key and of what it is told of its record."""
LEAST_PUT = 128 * 1024
READ_BYTES, WRITE_BYTES = 4096, 1024
"""Of a strongly consistent read unit, and of a write unit; in a transaction a write takes two
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html)."""


def measure() -> list[Figure]:
    here = Path(__file__).parents[1]
    path = os.pathsep.join(str(here / one) for one in ("functions/runner", "layers/core", "tests/scripted", ""))
    done = subprocess.run(
        [
            here / ".venvs/runner-dev/bin/python",
            here / "benchmarks/memory_inside.py",
            *map(str, RECORDS),
            str(DIMENSIONS),
            TEXT,
        ],
        env={**os.environ, "PYTHONPATH": path, "OPENAI_API_KEY": "local"},
        capture_output=True,
        text=True,
        check=True,
    )
    return figures(json.loads(done.stdout.splitlines()[-1])["search_ms"], *item_sizes())


def figures(search_ms: Mapping[str, list[float]], record: int, vector: int) -> list[Figure]:
    """`record` and `vector` are the bytes of a record's item, and of the one of a vector that is kept by hash."""
    prices = price_book(REGION).prices
    found: list[Figure] = []
    for many in RECORDS:
        took, most = median(search_ms[str(many)]), MOST_SEARCH_MS[many]
        read = many * record
        units = ceil(read / READ_BYTES)
        found.append(
            Figure(
                f"Search among {many:,} records of memory",
                f"{took:,.0f} ms of CPU; {read / 1e6:,.1f} MB in {ceil(read / PAGE_BYTES)} requests, "
                f"{units:,} read units, ${units * prices[Priced.TABLE_READS]:.5f}",
                f"≤ {most:,} ms",
                took <= most,
                f"{DIMENSIONS} dimensions, texts of {len(TEXT)} characters; the real storage over memory in process; "
                "what is read follows from the bytes of an item",
            )
        )
    writes = _write_units(record, vector)
    recalls = 1_000 * ceil(1_000 * record / READ_BYTES)
    in_index = _in_index(record, vector)
    return [
        *found,
        *in_index,
        _cost("Remembering 1,000 records", writes * prices[Priced.TABLE_WRITES], f"{writes:,} write units"),
        _cost("Recalling 1,000 times among 1,000", recalls * prices[Priced.TABLE_READS], f"{recalls:,} read units"),
    ]


def _in_index(record: int, vector: int) -> Iterator[Figure]:
    """The same with the vectors in Amazon S3 Vectors: a query reads the vectors of the index, and its records are read
    one by one; a put is paid for as 128 KB at least (https://aws.amazon.com/s3/pricing/)."""
    prices = price_book(REGION).prices
    packed = 4 * DIMENSIONS
    kept, left = packed + VECTOR_EXTRAS, record - packed
    for many in RECORDS:
        read = Decimal(many * kept) / 10**9
        units = (RECALLED + MORE) * ceil(left / READ_BYTES)
        dollars = prices[Priced.VECTOR_QUERIES] + read * prices[Priced.VECTOR_GB_READ]
        yield _cost(
            f"Recalling 1,000 times among {many:,} with S3 Vectors",
            1_000 * (dollars + units * prices[Priced.TABLE_READS]),
            f"{many * kept / 1e6:,.1f} MB in the index for each and {units} read units",
        )
    writes = _write_units(left, vector)
    puts = Decimal(1_000 * max(kept, LEAST_PUT)) / 10**9
    dollars = writes * prices[Priced.TABLE_WRITES] + puts * prices[Priced.VECTOR_GB_PUT]
    yield _cost("Remembering 1,000 records with S3 Vectors", dollars, f"{writes:,} write units, 1,000 puts")


def _write_units(record: int, vector: int) -> int:
    """Of a thousand records of so many bytes, each in a transaction with the look at its root scope, and the vectors of
    their texts."""
    return 1_000 * (2 * (ceil(record / WRITE_BYTES) + 1) + ceil(vector / WRITE_BYTES))


def _cost(what: str, dollars: Decimal, units: str) -> Figure:
    method = f"the same items at AWS's prices in {REGION}; without the calls of models and the journal"
    return Figure(what, f"${dollars:.3f}, {units}", None, True, method)


def item_sizes() -> tuple[int, int]:
    """The bytes of a record's item and of the one of its vector, as the real adapter writes them."""
    packed = bytes(4 * DIMENSIONS - 4) + b"\0\0\x80?"
    with emulated_aws() as aws:
        memory = IndexedMemory(aws.clients, TABLE, RETENTION_DAYS, VectorBucket(aws.clients, ""))
        root = RootScope(path=ROOT, embedder="openai/text-embedding-3-small", dimension=DIMENSIONS, created_at=NOW)
        more: dict[str, Any] = {"execution_id": "01936a3c-0000-7000-8000-00000000000a", "categories": ["guests"]}
        record = MemoryRecord(record_id="0" * 32, scope=ROOT, content=TEXT, created_at=NOW, updated_at=NOW, **more)
        memory.add(GROUP, memory.open_root(GROUP, root), Remembered(record, packed))
        memory.keep_vectors(GROUP, root.embedder, {content_hash(TEXT): packed}, now=NOW)
        items = aws.clients.dynamodb.scan(TableName=TABLE)["Items"]
    sizes = {"#MEMORY#" in str(item["PK"]): item_bytes(item) for item in items if "vector" in item}
    return sizes[True], sizes[False]


def item_bytes(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Names and values; a number counts half a byte a digit
    (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html)."""
    return sum(len(name.encode()) + _bytes(value) for name, value in item.items())


def _bytes(value: Mapping[str, Any]) -> int:
    ((kind, held),) = value.items()
    if kind == "N":
        return ceil(len(held) / 2) + 1
    return len(held if isinstance(held, bytes) else held.encode())
