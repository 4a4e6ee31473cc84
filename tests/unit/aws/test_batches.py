"""A batch that DynamoDB takes or gives in part is repeated until it is whole."""

from __future__ import annotations

from typing import Any

import pytest

from stepcrew.aws import batches
from stepcrew.aws.batches import read_all, write_all
from stepcrew.domain.errors import PlatformUnavailable
from stepcrew.domain.retrying import Patience


@pytest.fixture(autouse=True)
def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "_PATIENCE", Patience(tries=5, first=0, longest=0))


class Partial:
    """A table that takes and gives `at_once` of each batch."""

    def __init__(self, at_once: int) -> None:
        self.at_once = at_once
        self.sizes: list[int] = []
        self.written: list[Any] = []

    def batch_write_item(self, RequestItems: dict[str, list[Any]]) -> dict[str, Any]:
        requests = RequestItems["t"]
        self.sizes.append(len(requests))
        self.written += requests[: self.at_once]
        rest = requests[self.at_once :]
        return {"UnprocessedItems": {"t": rest} if rest else {}}

    def batch_get_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:
        assert RequestItems["t"]["ConsistentRead"] is True
        keys = RequestItems["t"]["Keys"]
        self.sizes.append(len(keys))
        rest = keys[self.at_once :]
        return {
            "Responses": {"t": keys[: self.at_once]},
            "UnprocessedKeys": {"t": {"Keys": rest}} if rest else {},
        }


def test_everything_is_written_once_in_batches_of_25() -> None:
    table: Any = Partial(10)
    requests: list[Any] = [{"PutRequest": {"Item": {"PK": {"S": str(number)}}}} for number in range(30)]
    write_all(table, "t", requests)
    assert table.written == requests
    assert table.sizes == [25, 15, 5, 5]


def test_everything_is_read_once_in_batches_of_100() -> None:
    table: Any = Partial(60)
    keys: list[Any] = [{"PK": {"S": str(number)}} for number in range(120)]
    assert read_all(table, "t", keys) == keys
    assert table.sizes == [100, 40, 20]


def test_a_table_that_takes_or_gives_nothing_is_a_fault_of_the_platform() -> None:
    table: Any = Partial(0)
    with pytest.raises(PlatformUnavailable):
        write_all(table, "t", [{"DeleteRequest": {"Key": {"PK": {"S": "1"}}}}])
    with pytest.raises(PlatformUnavailable):
        read_all(table, "t", [{"PK": {"S": "1"}}])
    assert table.sizes == [1] * 10
