"""JSON text read strictly and in one pass: no key twice in an object, no number that is none, no half character."""

from __future__ import annotations

import json
import math
from typing import Any

from stepcrew.domain.nesting import TOO_DEEP, is_too_deep


class NotJson(ValueError):
    """The text is not JSON as it is accepted here; the message says why."""


def read_json(text: str) -> Any:
    """The value. Raises `NotJson` for a syntax fault, a key that stands twice, `NaN`, `Infinity`, a number too large
    for a float (`1e400`), an integer of thousands of digits, half a surrogate pair, more levels than
    `MAX_DEPTH`."""
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite, object_pairs_hook=_each_key_once)
        if is_too_deep(value):
            raise NotJson(f"it is {TOO_DEEP}")
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise NotJson("it has half a surrogate pair, which is no character") from error
    except RecursionError as error:
        raise NotJson(f"it is {TOO_DEEP}") from error
    except ValueError as error:
        raise NotJson(str(error)) from error
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number {text[:40]} is too large")
    return number


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {name[:100]!r} stands twice")
        found[name] = value
    return found
