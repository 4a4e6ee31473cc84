from __future__ import annotations

import pytest

from stepcrew.domain import cursor
from stepcrew.domain.errors import InvalidRequest


@pytest.mark.parametrize("position", [(0, 0), (1, 1), (3, 10_000), (9999, 99_999_999)])
def test_a_position_comes_back_as_it_went(position: tuple[int, int]) -> None:
    assert cursor.decode_position(cursor.encode(*position)) == position


def test_no_cursor_is_the_beginning() -> None:
    assert cursor.decode_position(None) == (0, 0)
    assert cursor.decode_position("") == (0, 0)


@pytest.mark.parametrize(
    "made_up",
    [
        "%",
        "a",
        "ä",
        "AAAA\n",
        "=" * 90,
        cursor.encode("x", 1),
        cursor.encode(1),
        cursor.encode(1, "²"),
        "MS4x\x00",
        cursor.encode(10000, 1),
        cursor.encode(1, 100000000),
        cursor.encode(-1, 1),
        cursor.encode(1, 2, 3),
    ],
)
def test_a_cursor_that_was_not_handed_out_is_refused(made_up: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        cursor.decode_position(made_up)
    assert caught.value.faults[0].code == "cursor"


def test_an_execution_id_goes_through_a_cursor_and_odd_ones_do_not() -> None:
    execution_id = "01936a3c-0000-7000-8000-00000000000a"
    assert cursor.decode(cursor.encode(execution_id)) == execution_id
    with pytest.raises(InvalidRequest):
        cursor.decode("gIA")
