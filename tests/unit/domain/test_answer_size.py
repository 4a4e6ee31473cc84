from __future__ import annotations

import json

import pytest

from stepcrew.domain.answer_size import answered_bytes, how_many_fit


@pytest.mark.parametrize("body", ["", "plain", '"quoted"', "\\", "line\nend", "\x01", "ü€🙂", '{"a": "\\"b\\""}'])
def test_a_body_is_counted_as_it_stands_in_the_answer_of_lambda(body: str) -> None:
    whole = json.dumps({"statusCode": 200, "body": body}, ensure_ascii=False).encode()
    without = json.dumps({"statusCode": 200, "body": ""}).encode()
    assert answered_bytes(body) == len(whole) - len(without)


def test_half_a_surrogate_pair_is_counted_too() -> None:
    assert answered_bytes("\ud800") == 1


@pytest.mark.parametrize(("room", "count"), [(1, 1), (21, 1), (22, 2), (1000, 3)])
def test_as_many_as_fit_and_at_least_one(room: int, count: int) -> None:
    assert how_many_fit(["x" * 10] * 3, room) == count
    assert how_many_fit([], room) == 0
