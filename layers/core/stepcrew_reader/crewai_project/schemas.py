"""Pydantic classes of a project as JSON Schema, read from their text: what `output_pydantic=Report` stands for."""

from __future__ import annotations

import ast
from typing import Any, cast

from stepcrew_reader.crewai_project.following import (
    Found,
    OnlyRunningTells,
    Scope,
    class_named,
    name_of,
)
from stepcrew_reader.crewai_project.modules import Function, Module
from stepcrew_reader.crewai_project.reading import literal

Schema = dict[str, Any]

_SIMPLE: dict[str, Schema] = {
    "str": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "None": {"type": "null"},
    "Any": {},
    "object": {},
    "dict": {"type": "object"},
    "Dict": {"type": "object"},
    "list": {"type": "array", "items": {}},
    "List": {"type": "array", "items": {}},
    "datetime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "time": {"type": "string", "format": "time"},
    "UUID": {"type": "string", "format": "uuid"},
    "Decimal": {"type": "number"},
    "HttpUrl": {"type": "string", "format": "uri"},
    "AnyUrl": {"type": "string", "format": "uri"},
    "EmailStr": {"type": "string", "format": "email"},
    "PositiveInt": {"type": "integer", "exclusiveMinimum": 0},
    "NonNegativeInt": {"type": "integer", "minimum": 0},
    "PositiveFloat": {"type": "number", "exclusiveMinimum": 0},
    "NonNegativeFloat": {"type": "number", "minimum": 0},
}
_LISTS = frozenset({"list", "List", "Sequence", "Iterable", "set", "Set", "frozenset", "tuple", "Tuple"})
_OBJECTS = frozenset({"dict", "Dict", "Mapping"})
_CONSTRAINTS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "min_length": "minLength",
    "max_length": "maxLength",
    "pattern": "pattern",
    "description": "description",
    "title": "title",
    "examples": "examples",
    "default": "default",
}
"""Arguments of pydantic's `Field` and the keywords they become (Pydantic's documentation, "JSON Schema")."""
_OF_LISTS = {"minLength": "minItems", "maxLength": "maxItems"}
_ENUMS = frozenset({"Enum", "StrEnum", "IntEnum"})
_CHECKS = frozenset({"field_validator", "model_validator", "validator", "root_validator", "computed_field"})


class ClassReader:
    """Turns one class, and the classes it refers to, into one schema. `left_out` names what had no place in it."""

    def __init__(self) -> None:
        self.left_out: list[str] = []
        self._definitions: dict[str, Schema] = {}
        self._names: dict[tuple[str, str], str] = {}

    def schema(self, found: ast.ClassDef, module: Module) -> Schema:
        """Raises OnlyRunningTells when the class is no Pydantic model or a part of it is computed."""
        top = self._reference(found, module)
        name = top["$ref"].rsplit("/", 1)[1]
        again = any(part is not top and part.get("$ref") == top["$ref"] for part in _parts(self._definitions))
        whole = dict(self._definitions[name])
        others = self._definitions if again else {key: one for key, one in self._definitions.items() if key != name}
        return {**whole, "$defs": others} if others else whole

    def _reference(self, found: ast.ClassDef, module: Module) -> Schema:
        key = (str(module.path), found.name)
        if key not in self._names:
            name = found.name if found.name not in self._definitions else f"{found.name}{len(self._definitions)}"
            self._names[key] = name
            self._definitions[name] = {}
            self._definitions[name] = self._class(found, module)
        return {"$ref": f"#/$defs/{self._names[key]}"}

    def _class(self, found: ast.ClassDef, module: Module) -> Schema:
        bases = {name_of(base) for base in found.bases}
        if bases & _ENUMS:
            scope = Scope(module, found)
            values = [literal(Found(node.value, scope)) for node in found.body if isinstance(node, ast.Assign)]
            return {"enum": values, "title": found.name}
        properties: dict[str, Schema] = {}
        required: list[str] = []
        if not self._fields(found, module, properties, required):
            raise OnlyRunningTells
        schema: Schema = {"title": found.name, "type": "object", "properties": properties}
        description = ast.get_docstring(found)
        about: Schema = {"description": description, "required": required}
        return schema | {keyword: value for keyword, value in about.items() if value}

    def _fields(self, found: ast.ClassDef, module: Module, properties: dict[str, Schema], required: list[str]) -> bool:
        """Adds the fields of a class after those of its bases. False when no base is Pydantic's model."""
        is_model = False
        for base in found.bases:
            name = name_of(base)
            there = class_named(module, name)
            is_model |= self._fields(*there, properties, required) if there else module.original(name) == "BaseModel"
        for node in found.body:
            if isinstance(node, Function):
                kinds = {name_of(one.func if isinstance(one, ast.Call) else one) for one in node.decorator_list}
                self.left_out += [f"{found.name}.{node.name} (@{kind})" for kind in sorted(kinds & _CHECKS)]
            if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
                continue
            name = node.target.id
            if name.startswith("_") or name == "model_config" or name_of(_outer(node.annotation)) == "ClassVar":
                continue
            scope = Scope(module, found)
            schema, optional = self._annotated(Found(node.annotation, scope))
            if node.value is not None:
                schema, optional = self._default(schema, Found(node.value, scope), f"{found.name}.{name}")
            alias = schema.pop("alias", None)
            properties[alias or name] = schema
            if (alias or name) in required:
                required.remove(alias or name)
            if not optional:
                required.append(alias or name)
        return is_model

    def _default(self, schema: Schema, value: Found, where: str) -> tuple[Schema, bool]:
        """The schema with what stands behind the `=`, and whether the field may be left away."""
        if isinstance(value.node, ast.Call) and name_of(value.node.func) == "Field":
            return self._field(schema, value, where)
        if isinstance(value.node, ast.Constant) and value.node.value is ...:
            return schema, False
        try:
            return {**schema, "default": literal(value)}, True
        except OnlyRunningTells:
            return schema, True

    def _field(self, schema: Schema, value: Found, where: str) -> tuple[Schema, bool]:
        call = value.node
        assert isinstance(call, ast.Call)
        given = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        if call.args:
            given.setdefault("default", call.args[0])
        default = given.get("default")
        asked = isinstance(default, ast.Constant) and default.value is ...
        optional = (default is not None and not asked) or "default_factory" in given
        found: Schema = {}
        for argument, node in given.items():
            if argument == "default_factory" or (argument == "default" and asked):
                continue
            keyword = "alias" if argument in {"alias", "validation_alias"} else _CONSTRAINTS.get(argument)
            try:
                if keyword is None:
                    raise OnlyRunningTells
                found[keyword] = literal(value.within(node))
            except OnlyRunningTells:
                self.left_out.append(f"{argument} of {where}")
        if schema.get("type") == "array":
            found = {_OF_LISTS.get(key, key): one for key, one in found.items()}
        if "$ref" in schema and found:
            return {"allOf": [schema], **found}, optional
        return {**schema, **found}, optional

    def _annotated(self, found: Found) -> tuple[Schema, bool]:
        """The schema of a field's type, and whether `Annotated[…, Field(…)]` gives it a default."""
        node = found.node
        if isinstance(node, ast.Subscript) and name_of(node.value) == "Annotated" and isinstance(node.slice, ast.Tuple):
            kind, *about = node.slice.elts
            schema, optional = self.type(found.within(kind)), False
            for one in about:
                if isinstance(one, ast.Call) and name_of(one.func) == "Field":
                    schema, given = self._field(schema, found.within(one), found.text)
                    optional |= given
            return schema, optional
        return self.type(found), False

    def type(self, found: Found) -> Schema:
        """The schema of an annotation. Raises OnlyRunningTells for a type that JSON has no word for."""
        node, scope = found.node, found.scope
        scope.module.project.spend(1)
        match node:
            case ast.Constant(value=str() as text):
                try:
                    written = ast.parse(text, mode="eval").body
                except (SyntaxError, ValueError) as error:
                    raise OnlyRunningTells from error
                return self.type(found.within(written))
            case ast.Constant(value=None):
                return {"type": "null"}
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                return _any_of([self.type(found.within(left)), self.type(found.within(right))])
            case ast.Subscript(value=outer, slice=inner):
                return self._generic(name_of(outer), inner, found)
            case ast.Name() | ast.Attribute():
                there = class_named(scope.module, name_of(node))
                if there:
                    return self._reference(*there)
                simple = _SIMPLE.get(scope.module.original(name_of(node)))
                if simple is not None:
                    return dict(simple)
                alias = scope.module.assigned.get(name_of(node))
                if alias is not None:
                    return self._annotated(Found(alias, Scope(scope.module)))[0]
                raise OnlyRunningTells
            case _:
                raise OnlyRunningTells

    def _generic(self, outer: str, inner: ast.expr, found: Found) -> Schema:
        arguments = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if outer == "Literal":
            return {"enum": [literal(found.within(one)) for one in arguments]}
        if outer == "Annotated":
            return self._annotated(found)[0]
        if outer in {"Optional", "Union"}:
            kinds = [self.type(found.within(one)) for one in arguments]
            return _any_of([*kinds, {"type": "null"}] if outer == "Optional" else kinds)
        if outer in _LISTS:
            kinds = [self.type(found.within(one)) for one in arguments if not _is_ellipsis(one)]
            return {"type": "array", "items": kinds[0] if len(kinds) == 1 else _any_of(kinds)}
        if outer in _OBJECTS and len(arguments) == 2:
            return {"type": "object", "additionalProperties": self.type(found.within(arguments[1]))}
        raise OnlyRunningTells


def _outer(node: ast.expr) -> ast.expr:
    return node.value if isinstance(node, ast.Subscript) else node


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _any_of(kinds: list[Schema]) -> Schema:
    flat = [one for kind in kinds for one in (kind["anyOf"] if set(kind) == {"anyOf"} else [kind])]
    return flat[0] if len(flat) == 1 else {"anyOf": flat}


def _parts(value: object) -> list[Schema]:
    """Every object inside a schema, itself included."""
    if isinstance(value, dict):
        schema = cast(Schema, value)
        return [schema, *(part for child in schema.values() for part in _parts(child))]
    if isinstance(value, list):
        return [part for child in cast("list[object]", value) for part in _parts(child)]
    return []
