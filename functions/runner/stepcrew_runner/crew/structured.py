"""Structured answers as models write them: JSON, often in a Markdown fence or with a sentence around it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, LiteralString, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from stepcrew.domain.nesting import TOO_DEEP, is_too_deep

_FENCE = re.compile(r"```[\w-]*[ \t]*\r?\n(.*?)```", re.DOTALL)
_DECODER = json.JSONDecoder(strict=False)


def json_in(text: str) -> Any:
    """The JSON value that a text is, or the first one in it: in a fence, or an object with text around it (as CrewAI
    reads it: `_JSON_PATTERN` of crewai/utilities/converter.py). None when there is none, or one nested too deeply."""
    value = _first(text)
    return None if is_too_deep(value) else value


def _first(text: str) -> Any:
    for part in _parts(text):
        try:
            return _DECODER.decode(part)
        except (ValueError, RecursionError):
            continue
    return None


def _parts(text: str) -> Iterator[str]:
    yield text.strip()
    yield from (match[1].strip() for match in _FENCE.finditer(text))
    first, last = text.find("{"), text.rfind("}")
    if 0 <= first < last:
        yield text[first : last + 1]


def structured_of(output: Any) -> dict[str, Any] | None:
    """What an output of CrewAI is as JSON; None where it is a text alone."""
    if output.json_dict is None and isinstance(output.pydantic, BaseModel):
        return output.pydantic.model_dump(mode="json")
    return output.json_dict


def read_leniently(model: type[BaseModel]) -> None:
    """Lets a model of a crew task's schema be read from such answers too. Clients of providers read what was asked for
    as JSON with `model_validate_json`, and end the call with its error although the answer is paid for. An answer that
    is nested too deeply fits no schema: it could be stored, and then not be read."""
    from_json, from_value = model.model_validate_json, model.model_validate

    def validate(value: Any, **named: Any) -> BaseModel:
        if is_too_deep(value):
            fault = PydanticCustomError("too_deep", cast("LiteralString", f"it is {TOO_DEEP}"))
            raise ValidationError.from_exception_data(model.__name__, [{"type": fault, "input": "…"}])
        return from_value(value, **named)

    def validate_json(json_data: str | bytes | bytearray, **named: Any) -> BaseModel:
        text = json_data if isinstance(json_data, str) else bytes(json_data).decode(errors="replace")
        found = _first(text)
        if is_too_deep(found):
            return validate(found)
        try:
            return from_json(json_data, **named)
        except ValidationError as error:
            if error.errors()[0]["type"] != "json_invalid" or not isinstance(found, dict):
                raise
            return validate(cast("dict[str, Any]", found), **named)

    setattr(model, "model_validate", validate)  # noqa: B010 - attributes of the class, not of its instances
    setattr(model, "model_validate_json", validate_json)  # noqa: B010
