"""Newest first, filtered, and never more work than one request may cost."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime, timedelta

import pytest
from tests.aws_table import GROUP, NOW, TABLE, Aws, emulated_aws, execution, submission

from stepcrew.aws import listing
from stepcrew.aws.listing import TableListing
from stepcrew.domain.execution import Status
from stepcrew.domain.listing import ExecutionPage, ListFilter
from stepcrew.services.cancel_execution import request_cancel

pytestmark = pytest.mark.slow


class Harness:
    """Seven executions, a minute apart, named "even" and "odd"."""

    def __init__(self, aws: Aws) -> None:
        self.listing = TableListing(aws.clients, TABLE)
        self.ids = [id_at(NOW + timedelta(minutes=number)) for number in range(7)]
        for number, execution_id in enumerate(self.ids):
            made = execution(execution_id, name="Even" if number % 2 == 0 else "odd")
            created = made.model_copy(update={"created_at": NOW + timedelta(minutes=number)})
            aws.executions.create(created, submission(), None)
        request_cancel(aws.executions, GROUP, self.ids[2], NOW)

    def page(self, wanted: ListFilter, before: str | None = None, limit: int = 3) -> ExecutionPage:
        return self.listing.newest(GROUP, wanted, before=before, limit=limit)

    def numbers(self, wanted: ListFilter, before: str | None = None, limit: int = 3) -> list[int]:
        return [self.ids.index(one.execution_id) for one in self.page(wanted, before, limit).executions]

    def all(self, wanted: ListFilter, limit: int = 3) -> list[int]:
        """Page by page."""
        found: list[int] = []
        before: str | None = None
        while True:
            page = self.page(wanted, before, limit)
            found += [self.ids.index(one.execution_id) for one in page.executions]
            before = page.before
            if before is None:
                return found


def id_at(moment: datetime) -> str:
    digits = f"{int(moment.timestamp() * 1000):012x}"
    return f"{digits[:8]}-{digits[8:]}-7000-8000-00000000000a"


def minute(number: int) -> datetime:
    return NOW + timedelta(minutes=number)


@pytest.fixture
def harness() -> Generator[Harness]:
    with emulated_aws() as aws:
        yield Harness(aws)


def test_newest_first_and_on_behind_an_execution(harness: Harness) -> None:
    assert harness.numbers(ListFilter()) == [6, 5, 4]
    assert harness.numbers(ListFilter(), before=harness.ids[4]) == [3, 2, 1]
    assert harness.page(ListFilter(), before=harness.ids[4]).before == harness.ids[1]
    assert harness.page(ListFilter(), before=harness.ids[1]).before is None
    assert harness.page(ListFilter(), limit=7).before is None


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (ListFilter(name="odd"), [5, 3, 1]),
        (ListFilter(name="od"), []),
        (ListFilter(search="EV"), [6, 4, 2, 0]),
        (ListFilter(status=Status.CANCELLED), [2]),
        (ListFilter(status=Status.CANCELLED, name="odd"), []),
        (ListFilter(created_after=minute(2), created_before=minute(5)), [4, 3, 2]),
        (ListFilter(created_after=minute(2) + timedelta(microseconds=1)), [6, 5, 4, 3]),
        (ListFilter(created_before=minute(1), search="even"), [0]),
        (ListFilter(created_after=minute(5), created_before=minute(2)), []),
        (ListFilter(created_before=datetime.fromisoformat("0001-01-01T00:00:00+23:59")), []),
        (ListFilter(created_after=datetime.fromisoformat("9999-12-31T23:59:59-23:59")), []),
    ],
)
@pytest.mark.parametrize("limit", [1, 3, 100])
def test_filters_hold_over_all_pages(harness: Harness, wanted: ListFilter, expected: list[int], limit: int) -> None:
    assert harness.all(wanted, limit) == expected


def test_a_rare_one_is_found_over_several_bounded_pages(harness: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_READ", 2)
    rare = ListFilter(status=Status.CANCELLED)
    first = harness.page(rare)
    assert (first.executions, first.before) == ([], harness.ids[5])
    assert harness.all(rare) == [2]


def test_a_cursor_of_another_search_finds_nothing_in_front_of_it(harness: Harness) -> None:
    assert harness.page(ListFilter(created_after=minute(30)), before=harness.ids[3]) == ExecutionPage([], None)


def test_another_group_lists_nothing(harness: Harness) -> None:
    assert harness.listing.newest("other", ListFilter(), before=None, limit=10) == ExecutionPage([], None)
