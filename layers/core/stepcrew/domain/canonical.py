"""One text for one value, in every environment: what two processes compare or hash is made here and nowhere else.

The API and the runner carry different versions of pydantic, which print the same number differently (`1e+20`, `1e20`).
Here Python's own `json` prints it: a float as its `repr`, the shortest digits that read back as the same number
(https://docs.python.org/3/tutorial/floatingpoint.html), the same in every Python since 3.1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, cast

from pydantic import BaseModel


def canonical_json(value: Any, *, sort_keys: bool = False) -> str:
    """The JSON text of models, mappings, lists and scalars. A model is an object of the fields that were set, in the
    order of their names, so that neither a new default nor the order in its class changes the text; a mapping keeps the
    order of its keys unless `sort_keys`; a decimal number is a string of its digits. Raises ValueError for a float that
    is not finite, and TypeError for what is no value of JSON."""
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, sort_keys=sort_keys, separators=(",", ":"))


def digest(text: str) -> str:
    """SHA-256 (hex) of a text. What is no valid Unicode in it counts as `?`."""
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return {name: _plain(getattr(value, name)) for name in sorted(value.model_fields_set)}
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in cast("Mapping[Any, Any]", value).items()}
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(one) for one in cast("Sequence[Any]", value)]
    return value
