"""Whether a text a person wrote is the structured output that a crew task's schema asks for.

Checked is what the runner checks of a model's answer, with bounded work: a schema may name itself twice, and then every
level of the text doubles the ways to look at it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

from stepcrew.domain.json_text import NotJson, read_json
from stepcrew.domain.patterns import TooMuchWork, is_found
from stepcrew.domain.text_bounds import beginning

MOST_CHECKS = 50_000
"""Keywords applied to a value; one more for every thousand characters of the value, which a message would repeat."""
_LONGEST = 300
_KEYWORDS = (
    *("$ref", "type", "properties", "required", "items", "anyOf", "oneOf", "allOf", "enum", "const", "multipleOf"),
    *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems", "maxItems"),
)
"""Those of JSON Schema 2020-12 that the models of structured outputs know; `pattern` and `additionalProperties` are
ours. The others inform the model alone."""

Check = Callable[[Any, Any, Any, Any], Iterator[Any] | None]


def schema_mismatch(text: str, schema: dict[str, Any]) -> str | None:
    """What is wrong, naming the place; None when the text is JSON that satisfies the schema, of which only references
    inside the schema itself are followed."""
    # Needed for this alone: every other request starts without it.
    import jsonschema
    import jsonschema.validators
    import referencing
    import referencing.exceptions

    try:
        value = read_json(text)
    except NotJson as error:
        return f"it is not JSON ({error})."
    draft = jsonschema.Draft202012Validator
    counter = _Counter(value)
    ours: dict[str, Check] = {"pattern": _pattern, "additionalProperties": _no_other_properties}
    checks = {name: draft.VALIDATORS[name] for name in _KEYWORDS} | ours
    # The stubs know neither JSON's values nor iterators as what a check returns.
    validators: Any = jsonschema.validators
    registry: Any = referencing.Registry
    kind = validators.create(
        meta_schema=draft.META_SCHEMA,
        validators={name: counter.counted(cast("Check", check)) for name, check in checks.items()},
        type_checker=draft.TYPE_CHECKER,
    )
    try:
        errors: Iterator[Any] = kind(schema, registry=registry()).iter_errors(value)
        error = next(errors, None)
    except TooMuchWork:
        return "checking it takes too much work: make the schema simpler, or the answer shorter."
    except (referencing.exceptions.Unresolvable, RecursionError, ValueError) as error:
        return f"the schema cannot be applied ({type(error).__name__})."
    if error is None:
        return None
    place = "/".join(str(part) for part in error.absolute_path)
    return f"{beginning(error.message, _LONGEST)}{f' (at /{place})' if place else ''}."


class _Counter:
    """Counts the checks of one value, and ends them when they are too many."""

    def __init__(self, value: Any) -> None:
        self._left = MOST_CHECKS
        self._sizes: dict[int, int] = {}
        self._size(value)

    def counted(self, check: Check) -> Check:
        def applied(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
            self._left -= 1 + self._size(instance) // 1_000
            if isinstance(wanted, list):
                self._left -= len(cast("list[Any]", wanted))
            if self._left < 0:
                raise TooMuchWork
            yield from check(validator, wanted, instance, schema) or ()

        return applied

    def _size(self, value: Any) -> int:
        """Characters in it, roughly; each object and list is looked through once."""
        if isinstance(value, str):
            return len(value)
        if not isinstance(value, dict | list):
            return 8
        known = self._sizes.get(id(cast("object", value)))
        if known is None:
            children: list[Any] = list(cast("dict[str, Any] | list[Any]", value))
            if isinstance(value, dict):
                children += cast("dict[str, Any]", value).values()
            known = self._sizes[id(cast("object", value))] = 8 + sum(self._size(child) for child in children)
        return known


def _pattern(_validator: Any, pattern: str, instance: Any, _schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if isinstance(instance, str) and not is_found(pattern, instance):
        yield ValidationError(f"{instance[:_LONGEST]!r} does not match {pattern!r}")


def _no_other_properties(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import ValidationError

    if not isinstance(instance, dict):
        return
    found = cast("dict[str, Any]", instance)
    others = [name for name in found if name not in schema.get("properties", {})]
    if isinstance(wanted, dict):
        for name in others:
            yield from validator.descend(found[name], wanted, path=name)
    elif wanted is False and others:
        yield ValidationError(f"{others[0][:_LONGEST]!r} is not a property of the schema")
