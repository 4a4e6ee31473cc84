"""The OpenAPI document of all routes; imported by who asks for it, since it knows every shape."""

from __future__ import annotations

from typing import Any

from stepcrew_api.amp_shapes import AmpError
from stepcrew_api.batch_schemas import RowResultView
from stepcrew_api.bodies import SHAPES
from stepcrew_api.schemas import Problem

OTHER_SHAPES = (RowResultView, Problem, AmpError)
"""Of answers that routes name by reference only."""


def complete(document: dict[str, Any]) -> None:
    """Adds the shapes that the routes name only by reference, and how callers are known."""
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for model in (*SHAPES, *OTHER_SHAPES):
        made = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(made.pop("$defs", {}))
        schemas[model.__name__] = made
    document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    document["security"] = [{"token": []}]
