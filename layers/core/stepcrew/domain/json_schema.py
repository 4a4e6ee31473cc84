"""The JSON Schemas of structured outputs, as far as CrewAI can make a model of them.

Its reader follows every `$ref`, into files and addresses too, so only references inside the schema itself are let
through; and it silently makes an empty model of a schema that describes no object.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from stepcrew.domain.patterns import pattern_fault, weight_of
from stepcrew.domain.places import in_document

MAX_PARTS = 2_000
"""Parts of a schema with every reference written out: what a model costs to make grows with them."""

MAX_LEVELS = 120
"""Levels of a schema with every reference written out: twice as many as it can have without any."""
MAX_PARTS_OF_CREW = 20_000
"""Parts of all schemas of a crew together, as they are written."""
MAX_PATTERNS_OF_CREW = 4_000
"""Weight of all their patterns together."""

_LOCAL = re.compile(r"#(/[^%]*)?")
Where = tuple[str, ...]
Scalar = str | int | float | bool | None


class SchemaFault(NamedTuple):
    where: Where
    detail: str


def _property_name(name: str) -> str:
    if name.startswith("_") or name == "model_config":
        raise ValueError(f"the output cannot have a property named {name}")
    return name


def _pattern(text: str) -> str:
    if fault := pattern_fault(text):
        raise ValueError(fault)
    return text


TypeName = Literal["string", "integer", "number", "boolean", "array", "object", "null"]
PropertyName = Annotated[str, AfterValidator(_property_name)]
Count = Annotated[int, Field(ge=0)]


class SchemaPart(BaseModel):
    """One schema; keywords that are not here only inform the model and are passed on."""

    model_config = ConfigDict(extra="allow", strict=True, defer_build=True)

    type: TypeName | Annotated[list[TypeName], Field(min_length=1)] | None = None
    title: str | None = None
    description: str | None = None
    format: str | None = None
    properties: dict[PropertyName, SchemaPart] = {}
    required: list[str] = []
    items: SchemaPart | None = None
    any_of: list[SchemaPart] = Field(default=[], alias="anyOf")
    one_of: list[SchemaPart] = Field(default=[], alias="oneOf")
    all_of: list[SchemaPart] = Field(default=[], alias="allOf")
    enum: list[Scalar] | None = Field(default=None, min_length=1)
    const: Scalar = None
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = Field(default=None, alias="exclusiveMinimum")
    exclusive_maximum: float | None = Field(default=None, alias="exclusiveMaximum")
    multiple_of: float | None = Field(default=None, alias="multipleOf", gt=0)
    min_length: Count | None = Field(default=None, alias="minLength")
    max_length: Count | None = Field(default=None, alias="maxLength")
    pattern: Annotated[str, AfterValidator(_pattern)] | None = None
    definitions: dict[str, SchemaPart] = Field(default={}, alias="$defs")
    older_definitions: dict[str, SchemaPart] = Field(default={}, alias="definitions")


class _Extent(NamedTuple):
    """How many parts stand in a schema, and how many of them in each other."""

    parts: int = 0
    levels: int = 0


class SchemaCost(NamedTuple):
    """What checking a schema takes: its parts as they are written, and the weight of its patterns."""

    parts: int = 0
    patterns: int = 0

    def plus(self, other: SchemaCost) -> SchemaCost:
        return SchemaCost(self.parts + other.parts, self.patterns + other.patterns)

    @property
    def is_too_much(self) -> bool:
        """Whether the schemas of one crew have too many parts or patterns together."""
        return self.parts > MAX_PARTS_OF_CREW or self.patterns > MAX_PATTERNS_OF_CREW


def cost_of(schema: dict[str, Any]) -> SchemaCost:
    parts, patterns = 0, 0
    level: list[Any] = [schema]
    while level:
        parts += len(level)
        children: list[Any] = []
        for part in level:
            if isinstance(part, dict):
                entry = cast("dict[str, Any]", part)
                pattern = entry.get("pattern")
                patterns += weight_of(pattern) if isinstance(pattern, str) else 0
                children += entry.values()
            elif isinstance(part, list):
                children += cast("list[Any]", part)
        level = [child for child in children if isinstance(child, dict | list)]
    return SchemaCost(parts, patterns)


def faults_of(schema: dict[str, Any]) -> list[SchemaFault]:
    """Everything that would keep CrewAI from making a model of it; its size and its references are judged first."""
    if cost_of(schema).parts > MAX_PARTS:
        return [SchemaFault((), f"it has more than {MAX_PARTS} parts")]
    found = list(_reference_faults(schema, schema, ()))
    if found:
        return found
    try:
        SchemaPart.model_validate(schema)
    except ValidationError as error:
        return [_from_pydantic(one, schema) for one in error.errors()]
    if not _describes_an_object(schema, schema, {}):
        return [SchemaFault((), "it describes no object with properties, so no output would fit")]
    extent = _written_out(schema, schema, {}, 0)
    if extent.parts > MAX_PARTS:
        return [SchemaFault((), f"it has more than {MAX_PARTS} parts when its references are written out")]
    if extent.levels > MAX_LEVELS:
        return [SchemaFault((), f"it is nested deeper than {MAX_LEVELS} levels when its references are written out")]
    return []


def _from_pydantic(one: Any, schema: dict[str, Any]) -> SchemaFault:
    message = str(one["msg"]).removeprefix("Value error, ")
    where = in_document(tuple(str(step) for step in one["loc"]), schema)
    return SchemaFault(where, message[:1].lower() + message[1:])


def _reference_faults(value: Any, root: dict[str, Any], where: Where) -> Iterator[SchemaFault]:
    if isinstance(value, dict):
        entry = cast("dict[str, Any]", value)
        reference = entry.get("$ref")
        if isinstance(reference, str) and _target(reference, root) is None:
            detail = "a reference must lead to a schema inside this one, as in #/$defs/name"
            yield SchemaFault((*where, "$ref"), detail)
        for key, child in entry.items():
            yield from _reference_faults(child, root, (*where, key))
    elif isinstance(value, list):
        for index, child in enumerate(cast("list[Any]", value)):
            yield from _reference_faults(child, root, (*where, str(index)))


def _target(reference: str, root: dict[str, Any]) -> dict[str, Any] | None:
    if not _LOCAL.fullmatch(reference):
        return None
    here: Any = root
    for step in reference.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(here, list) and name.isdecimal() and int(name) < len(cast("list[Any]", here)):
            here = cast("list[Any]", here)[int(name)]
        elif isinstance(here, dict) and name in here:
            here = cast("dict[str, Any]", here)[name]
        else:
            return None
    return cast("dict[str, Any]", here) if isinstance(here, dict) else None


def _followed(schema: dict[str, Any], root: dict[str, Any], known: dict[int, dict[str, Any]]) -> dict[str, Any]:
    """The schema a reference, or a chain of them, leads to; an empty one when they lead in a circle. `known` are the
    ends of chains that were followed before."""
    chain: list[int] = []
    while id(schema) not in known:
        chain.append(id(schema))
        known[id(schema)] = {}  # until its end is found: who comes back here goes in a circle
        reference = schema.get("$ref")
        target = _target(reference, root) if isinstance(reference, str) else None
        if target is None:
            known[id(schema)] = schema
            break
        schema = target
    end = known[id(schema)]
    known.update(dict.fromkeys(chain, end))
    return end


def _describes_an_object(schema: dict[str, Any], root: dict[str, Any], known: dict[int, dict[str, Any]]) -> bool:
    schema = _followed(schema, root, known)
    if schema.get("type", "object") != "object":
        return False
    return bool(schema.get("properties")) or any(
        _followed(one, root, known).get("properties") for one in schema.get("allOf", [])
    )


def _written_out(schema: Any, root: dict[str, Any], known: dict[int, _Extent], level: int) -> _Extent:
    """Its extent with references written out. A schema inside itself counts once: CrewAI ends there too. `level` is how
    many schemas it stands in; below `MAX_LEVELS` nothing more is looked at."""
    children: list[Any]
    part: object = schema
    if isinstance(schema, list):
        children = cast("list[Any]", schema)
    elif isinstance(schema, dict):
        entry = cast("dict[str, Any]", schema)
        reference = entry.get("$ref")
        target = _target(reference, root) if isinstance(reference, str) else None
        children = [target, *(child for key, child in entry.items() if key not in ("$defs", "definitions"))]
    else:
        return _Extent()
    if id(part) not in known:
        known[id(part)] = _Extent(1, 1)
        if level <= MAX_LEVELS:
            inside = [_written_out(child, root, known, level + 1) for child in children]
            parts, levels = sum(one.parts for one in inside), max((one.levels for one in inside), default=0)
            known[id(part)] = _Extent(min(1 + parts, MAX_PARTS + 1), 1 + levels)
    return known[id(part)]
