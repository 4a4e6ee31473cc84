"""Structured answers as models write them: JSON, often in a Markdown fence or with a sentence around it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, cast

from pydantic import BaseModel, ValidationError

_FENCE = re.compile(r"```[\w-]*[ \t]*\r?\n(.*?)```", re.DOTALL)
_DECODER = json.JSONDecoder(strict=False)


def json_in(text: str) -> Any:
    """The JSON value that a text is, or the first one in it: in a fence, or an object with text around it (as CrewAI
    reads it: `_JSON_PATTERN` of crewai/utilities/converter.py). None when there is none."""
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


def read_leniently(model: type[BaseModel]) -> None:
    """Lets a model of a crew task's schema be read from such answers too. Clients of providers read what was asked for
    as JSON with `model_validate_json`, and end the call with its error although the answer is paid for."""
    strict = model.model_validate_json

    def validate(json_data: str | bytes | bytearray, **named: Any) -> BaseModel:
        try:
            return strict(json_data, **named)
        except ValidationError as error:
            text = json_data if isinstance(json_data, str) else bytes(json_data).decode(errors="replace")
            found = json_in(text) if error.errors()[0]["type"] == "json_invalid" else None
            if not isinstance(found, dict):
                raise
            return model.model_validate(cast("dict[str, Any]", found), **named)

    setattr(model, "model_validate_json", validate)  # noqa: B010 - an attribute of the class, not of its instances
