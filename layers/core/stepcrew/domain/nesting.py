"""How deeply a value may be nested that a person or a model wrote.

Python, pydantic and browsers follow nesting to different depths and then fail: pydantic writes 255 levels of JSON and
reads 200. What passes here is bounded far below all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

MAX_DEPTH = 60
TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"


def is_too_deep(value: Any) -> bool:
    """Whether lists and objects stand in each other more than `MAX_DEPTH` times. It looks at one level after the other
    and calls no function inside itself, so any depth may be asked about."""
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH + 1):
        containers: list[Any] = [entry for entry in level if isinstance(entry, dict | list)]
        if not containers:
            return False
        level = [child for container in containers for child in _children(container)]
    return True


def _children(container: Any) -> Iterable[Any]:
    if isinstance(container, dict):
        return cast("dict[str, Any]", container).values()
    return cast("list[Any]", container)
