from __future__ import annotations

from collections.abc import Generator
from datetime import timedelta

import pytest
from tests.aws_table import GROUP, NOW, TABLE, emulated_aws

from stepcrew.aws.waiting_places import TableWaitingPlaces

UNTIL = NOW + timedelta(seconds=20)
MUCH_LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def places() -> Generator[TableWaitingPlaces]:
    with emulated_aws() as aws:
        yield TableWaitingPlaces(aws.clients, TABLE)


def test_as_many_as_may_wait_get_a_place_each_and_no_more(places: TableWaitingPlaces) -> None:
    taken = [places.take(GROUP, now=NOW, until=UNTIL, most=3) for _ in range(5)]
    assert [place is not None for place in taken] == [True, True, True, False, False]
    assert len({place.name for place in taken if place}) == 3


def test_a_place_that_is_left_can_be_taken(places: TableWaitingPlaces) -> None:
    place = places.take(GROUP, now=NOW, until=UNTIL, most=1)
    assert place is not None
    places.leave(place)
    places.leave(place)
    assert places.take(GROUP, now=NOW, until=UNTIL, most=1) is not None


def test_the_place_of_a_process_that_died_is_free_some_time_later(places: TableWaitingPlaces) -> None:
    dead = places.take(GROUP, now=NOW, until=UNTIL, most=1)
    assert places.take(GROUP, now=UNTIL, until=UNTIL, most=1) is None
    next_one = places.take(GROUP, now=MUCH_LATER, until=MUCH_LATER, most=1)
    assert dead is not None
    assert next_one is not None
    places.leave(dead)  # it comes back after all, and takes nobody's place away
    assert places.take(GROUP, now=MUCH_LATER, until=MUCH_LATER, most=1) is None
