"""`${path}` in a trigger's inputs: JMESPath expressions (https://jmespath.org) over what made the trigger fire."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import jmespath
from jmespath.exceptions import JMESPathError

from stepcrew.domain.places import escape

MOST_EXPRESSION = 200
"""Characters of one expression: what evaluating it costs is bounded by this and by the size of the cause."""

_MARK = re.compile(r"\$\{([^{}]*)\}")


class NothingThere(Exception):
    """An expression found nothing: `expression` says which."""

    def __init__(self, expression: str) -> None:
        super().__init__(expression)
        self.expression = expression


def expressions_in(value: object, pointer: str = "") -> Iterator[tuple[str, str]]:
    """(JSON pointer, expression) of every `${…}` in a value."""
    if isinstance(value, str):
        yield from ((pointer, found) for found in _MARK.findall(value))
    elif isinstance(value, dict):
        for name, child in cast("dict[str, object]", value).items():
            yield from expressions_in(child, f"{pointer}/{escape(name)}")
    elif isinstance(value, list):
        for index, child in enumerate(cast("list[object]", value)):
            yield from expressions_in(child, f"{pointer}/{index}")


def expression_fault(expression: str) -> str | None:
    """Why an expression cannot be used; None when it can."""
    if len(expression) > MOST_EXPRESSION:
        return f"${{{expression[:40]}…}} is longer than {MOST_EXPRESSION} characters."
    try:
        jmespath.compile(_plain(expression))
    except JMESPathError as error:
        return f"${{{expression}}} is no JMESPath expression: {str(error).splitlines()[0]}"
    return None


def filled(inputs: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs with each expression replaced by its value: a text that is one expression alone becomes the value
    itself, inside other text the value is written into it (objects and lists as JSON).

    Raises `NothingThere` for an expression that finds nothing."""
    return {name: _filled(value, document) for name, value in inputs.items()}


def _filled(value: Any, document: Mapping[str, Any]) -> Any:
    if isinstance(value, str):
        whole = _MARK.fullmatch(value)
        if whole:
            return _found(whole.group(1), document)
        return _MARK.sub(lambda mark: _text(_found(mark.group(1), document)), value)
    if isinstance(value, dict):
        return {name: _filled(child, document) for name, child in cast("dict[str, Any]", value).items()}
    if isinstance(value, list):
        return [_filled(child, document) for child in cast("list[Any]", value)]
    return value


def _found(expression: str, document: Mapping[str, Any]) -> Any:
    found = jmespath.search(_plain(expression), document)
    if found is None:
        raise NothingThere(expression)
    return found


def _plain(expression: str) -> str:
    """JSONPath's `$.detail.key` is the same as JMESPath's `detail.key`."""
    text = expression.strip()
    return text[2:] if text.startswith("$.") else text


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
