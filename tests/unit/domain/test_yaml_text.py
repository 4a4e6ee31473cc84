from __future__ import annotations

import pytest

from stepcrew.domain.faults import MAX_FAULTS
from stepcrew.domain.yaml_text import MAX_CHARACTERS, MAX_DEPTH, MAX_VALUES, read_yaml


def test_values_are_those_of_json_and_every_place_knows_its_line() -> None:
    read = read_yaml("a: [x, .5, 0x1f, yes, ~]\nb:\n  c: '1'\n  d: |\n    many\n    lines\n", "/p")
    assert read.faults == []
    assert read.value == {"a": ["x", 0.5, 31, True, None], "b": {"c": "1", "d": "many\nlines\n"}}
    assert read.lines[("a", "1")] == 1
    assert read.lines[("b", "d")] == 4


def test_a_date_and_a_key_stay_the_text_they_were_written_as() -> None:
    assert read_yaml("2026-11-24: 2026-11-25\nyes: on\n1: x\n", "/p").value == {
        "2026-11-24": "2026-11-25",
        "yes": True,
        "1": "x",
    }


@pytest.mark.parametrize(
    ("text", "detail", "line"),
    [
        ("", "The YAML text is empty.", None),
        ("# only a comment", "The YAML text is empty.", None),
        ("a: 1\nb: [", "The YAML text cannot be read", 3),
        ("a: &x 1\nb: *x", "Aliases are not supported.", 2),
        ("a: 1\n--- \nb: 2", "The YAML text has more than one document.", 2),
        ("a: .nan", ".nan is not a number.", 1),
        ("a: 1\nb: -.inf", "-.inf is not a number.", 2),
        ("? [a]\n: b", "A key must be a simple text.", 1),
        ("a: !!binary aGk=", "The tag tag:yaml.org,2002:binary is not supported.", 1),
        ("a: !!set {b}", "The tag tag:yaml.org,2002:set is not supported.", 1),
        ("a: !!python/object/apply:os.system [id]", "The tag tag:yaml.org,2002:python/object/apply:os.system", 1),
        ("a: " + "9" * 5000, "The number 99999999999999999999… has more than 400 digits.", 1),
        ("a: \x00", "The YAML text cannot be read", None),
        ("- " * (MAX_DEPTH + 2), f"The YAML text is nested deeper than {MAX_DEPTH} levels.", 1),
        ("[" * 500_000, f"The YAML text is nested deeper than {MAX_DEPTH} levels.", 1),
        ("x" * (MAX_CHARACTERS + 1), f"The YAML text is longer than {MAX_CHARACTERS} characters.", None),
    ],
)
def test_what_json_cannot_say_or_nobody_should_send_is_a_fault(text: str, detail: str, line: int | None) -> None:
    read = read_yaml(text, "/config/agents_yaml")
    assert read.value is None
    [fault] = read.faults
    assert fault.detail.startswith(detail)
    assert (fault.pointer, fault.code, fault.line) == ("/config/agents_yaml", "yaml", line)


def test_every_key_that_stands_twice_is_named() -> None:
    read = read_yaml("a: 1\nb:\n  c: 1\n  c: 2\na: 2\n", "/p")
    assert [(fault.code, fault.line) for fault in read.faults] == [("duplicate_key", 4), ("duplicate_key", 5)]


def test_a_tag_that_says_what_the_value_is_anyway_is_read() -> None:
    assert read_yaml("a: !!str 5\nb: !!map {c: !!seq [1]}", "/p").value == {"a": "5", "b": {"c": [1]}}


def test_a_time_and_digits_behind_a_zero_stay_the_text_they_were_written_as() -> None:
    read = read_yaml(
        "at: 9:30\nzip: 01234\nlong: " + "1:1" * 50_000 + "\nless: 0\nn: 1_000\nf: 1:30.5\noct: 0o17", "/p"
    )
    assert {**read.value, "long": None} == {
        "at": "9:30",
        "zip": "01234",
        "long": None,
        "less": 0,
        "n": 1000,
        "f": "1:30.5",
        "oct": "0o17",
    }


def test_a_text_of_too_many_values_is_refused_before_it_takes_their_memory() -> None:
    read = read_yaml("[" + "[]," * (MAX_VALUES + 10) + "]", "/p")
    assert read.value is None
    assert read.faults[0].detail == f"The YAML text has more than {MAX_VALUES} values."


def test_keys_that_stand_twice_are_told_up_to_a_bound() -> None:
    read = read_yaml("a: 1\n" * 10_000, "/p")
    assert len(read.faults) == MAX_FAULTS
