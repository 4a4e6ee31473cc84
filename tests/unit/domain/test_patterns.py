"""Patterns that users write cost no more than their size times the text's."""

from __future__ import annotations

import pytest

from stepcrew.domain.patterns import MOST_WEIGHT, TooMuchWork, is_found, pattern_fault, weight_of


@pytest.mark.parametrize(
    ("pattern", "weight"),
    [
        ("", 0),
        ("abc", 3),
        ("a{3}", 3),
        ("(ab{3}){2}", 8),
        ("(a{2,5}){3,}", 20),
        (r"\d{4}-\d{2}", 31),
        ("[a-z0-9]{3}", 9),
        (r"[^]\w[a]]{2}b", 47),
        (r"[\w]{100}", MOST_WEIGHT + 1),
        ("a{0}", 1),
        ("(((a{9}){9}){9}){9}", MOST_WEIGHT + 1),
        ("a{99999999999999999999}", MOST_WEIGHT + 1),
        (r"\w{100}", MOST_WEIGHT + 1),
        ("x{", 2),
        ("(" * 5, 0),
        ("))", 2),
    ],
)
def test_a_pattern_weighs_what_it_is_with_its_repetitions_written_out(pattern: str, weight: int) -> None:
    assert weight_of(pattern) == weight


@pytest.mark.parametrize(
    "pattern", [r"^\d{4}-\d{2}-\d{2}$", "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", r"^[\w.+-]+@\w+$"]
)
def test_patterns_that_people_write_are_taken(pattern: str) -> None:
    assert pattern_fault(pattern) is None


@pytest.mark.parametrize("pattern", [r"\w{1000}", "(a{100}){100}", "(", "(?=x)", r"(a)\1"])
def test_a_pattern_that_is_too_large_or_none_is_told(pattern: str) -> None:
    assert pattern_fault(pattern)


def test_a_pattern_that_could_fit_in_countless_ways_is_held_against_a_long_text() -> None:
    assert is_found("^(a+)+$", "a" * 1_000_000)
    assert not is_found("^(a+)+$", "a" * 1_000_000 + "b")
    assert not is_found("(x+x+)+y", "x" * 1_000_000)


def test_a_large_pattern_is_not_held_against_a_large_text() -> None:
    with pytest.raises(TooMuchWork):
        is_found("a{900}", "a" * 100_000)
    with pytest.raises(TooMuchWork):
        is_found(r"\w{1000}", "a")
