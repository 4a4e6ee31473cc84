"""`{name}` in the texts of a definition. The pattern is CrewAI's (crewai/utilities/string_utils.py), so that what we
check is what it will replace."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_\-]*)\}")


def names_in(text: str) -> list[str]:
    """Names in order of appearance, each once."""
    return list(uses_in(text))


def uses_in(text: str) -> Counter[str]:
    """How often each name stands in the text, in order of appearance."""
    return Counter(_PLACEHOLDER.findall(text))


def replaced(text: str, values: Mapping[str, str]) -> str:
    """The text with its values; a name without one stays as it stands."""
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)
