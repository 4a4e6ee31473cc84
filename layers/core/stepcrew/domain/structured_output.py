"""Whether a text a person wrote is the structured output that a crew task's schema asks for."""

from __future__ import annotations

import json
from typing import Any

_LONGEST = 300


def misfit(text: str, schema: dict[str, Any]) -> str | None:
    """What is wrong, naming the place; None when the text is JSON that satisfies the schema (JSON Schema 2020-12, of
    which only references inside the schema itself are followed)."""
    # Needed for this alone: every other request starts without it.
    import jsonschema
    import referencing.exceptions

    try:
        value = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        return f"it is not JSON ({error})."
    try:
        validator = jsonschema.Draft202012Validator(schema, registry=referencing.Registry())
        error = next(iter(validator.iter_errors(value)), None)  # pyright: ignore[reportUnknownMemberType]
    except (referencing.exceptions.Unresolvable, RecursionError) as error:
        return f"the schema cannot be applied ({type(error).__name__})."
    if error is None:
        return None
    place = "/".join(str(part) for part in error.absolute_path)
    message = error.message if len(error.message) <= _LONGEST else error.message[:_LONGEST] + "…"
    return f"{message}{f' (at /{place})' if place else ''}."


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no value of JSON")
