from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

import pytest
from pydantic import BaseModel
from tests.floats import FINGERPRINT, NUMBERS, with_floats

from stepcrew.domain.canonical import canonical_json
from stepcrew.domain.submission import Submission, document_of, fingerprint


class Part(BaseModel):
    zebra: float = 1.0
    ant: dict[str, Any] = {}
    later: int = 3


def test_a_submission_has_the_fingerprint_that_the_runner_computes_too() -> None:
    assert fingerprint(with_floats()) == FINGERPRINT


def test_reading_a_stored_submission_back_changes_neither_its_text_nor_a_number_in_it() -> None:
    again = Submission.model_validate_json(document_of(with_floats()))
    assert (document_of(again), again.inputs["x"]) == (document_of(with_floats()), NUMBERS)


def test_a_new_default_and_the_order_of_a_class_change_nothing() -> None:
    assert canonical_json(Part(ant={"b": 1, "a": 2}, zebra=1e16)) == '{"ant":{"b":1,"a":2},"zebra":1e+16}'


def test_an_amount_of_money_has_one_text() -> None:
    assert {canonical_json(Decimal(text)) for text in ("0.5", "0.50", "5E-1")} == {'"0.5"'}


def test_the_order_of_keys_counts_unless_it_is_asked_away() -> None:
    one, other = {"a": 1, "b": 2}, {"b": 2, "a": 1}
    assert canonical_json(one) != canonical_json(other)
    assert canonical_json(one, sort_keys=True) == canonical_json(other, sort_keys=True)


@pytest.mark.parametrize("number", [math.inf, math.nan])
def test_a_number_that_is_none_of_json_is_not_written(number: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical_json({"x": number})
    assert json.loads(canonical_json(NUMBERS)) == NUMBERS
