"""Regular expressions that users write, run without backtracking.

Python's `re` tries every way a pattern may fit: `^(a+)+$` takes hours for fifty letters. pydantic's engine (Rust's
`regex`) takes time in proportion to pattern times text (https://docs.rs/regex/latest/regex/#untrusted-input), and it is
the engine that checks a crew's structured outputs in the runner. What is left to bound is the size of both.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pydantic_core import SchemaError, SchemaValidator, ValidationError, core_schema

MOST_WEIGHT = 1_000
"""Of one pattern, see `weight_of`: making it ready takes up to a tenth of a second."""
MOST_WORK = 20_000_000
"""Weight of the pattern times characters of the text."""
_CLASSES = {**dict.fromkeys("wWDSpP", 20), **dict.fromkeys("dsbB", 5)}
"""Escapes that stand for hundreds of ranges of letters."""
_COUNT = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")


class TooMuchWork(Exception):
    """The pattern would have to be held against more text than one request may cost."""


def pattern_fault(pattern: str) -> str | None:
    """Why the pattern cannot be used; null when it can."""
    if weight_of(pattern) > MOST_WEIGHT:
        return "a regular expression that grows too large when its repetitions are written out"
    try:
        _ready(pattern)
    except SchemaError:
        return "not a regular expression of the kind that can be checked (no look-around)"
    return None


def is_found(pattern: str, text: str) -> bool:
    """Whether the pattern fits somewhere in the text. Raises `TooMuchWork`, and `ValueError` for a faulty pattern."""
    weight = weight_of(pattern)
    if weight > MOST_WEIGHT or weight * len(text) > MOST_WORK:
        raise TooMuchWork
    try:
        _ready(pattern).validate_python(text)
    except ValidationError:
        return False
    except SchemaError as error:
        raise ValueError("the pattern is not a regular expression") from error
    return True


def weight_of(pattern: str) -> int:
    """How large the pattern is with its counted repetitions written out: `(ab{3}){2}` weighs eight. Read once from
    left to right; what is no valid pattern has some weight too."""
    sums, lasts = [0], [0]
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        count = _COUNT.match(pattern, at) if letter == "{" else None
        at += 1
        if count:
            lasts[-1] = min(lasts[-1] * _times(count), MOST_WEIGHT + 1)
            at = count.end()
            continue
        weight = 1
        if letter == "(":
            sums.append(0)
            lasts.append(0)
            continue
        if letter == "\\":
            weight = _CLASSES.get(pattern[at : at + 1], 1)
            at += 1
        elif letter == ")" and len(sums) > 1:
            weight = sums.pop() + lasts.pop()
        elif letter == "[":
            weight, at = _class(pattern, at)
        elif letter == ".":
            weight = 3
        sums[-1] += lasts[-1]
        lasts[-1] = weight
    return min(sum(sums) + sum(lasts), MOST_WEIGHT + 1)


def _class(pattern: str, at: int) -> tuple[int, int]:
    """The weight of the class of letters whose inside begins there, and where it ends; classes may stand in classes."""
    weight, depth = 3, 1
    start = at + (pattern[at : at + 1] == "^")
    at = start + (pattern[start : start + 1] == "]")
    while at < len(pattern) and depth:
        letter = pattern[at]
        at += 1
        if letter == "\\":
            weight += _CLASSES.get(pattern[at : at + 1], 0)
            at += 1
        else:
            depth += (letter == "[") - (letter == "]")
    return weight, at


def _times(count: re.Match[str]) -> int:
    low, is_range, high = count.groups()
    number = high or low
    return MOST_WEIGHT + 1 if len(number) > 4 else max(int(number), 1) + (1 if is_range and not high else 0)


@lru_cache(maxsize=32)
def _ready(pattern: str) -> SchemaValidator:
    return SchemaValidator(core_schema.str_schema(pattern=pattern))
