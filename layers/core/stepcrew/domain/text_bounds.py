"""How long the texts of a crew may be once their placeholders are replaced.

Every text goes into prompts, trace events, table items and queue messages, and a placeholder may stand in many texts:
sixty texts with an input of a megabyte each are sixty megabytes. The bounds are checked at submission; who records a
text later may rely on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from stepcrew.domain.placeholders import uses_in

MOST_CHARACTERS: dict[str, int] = {
    "role": 2_000,
    "goal": 100_000,
    "backstory": 200_000,
    "description": 1_000_000,
    "expected_output": 100_000,
    "output_file": 500,
    "input_files": 500,
}
"""By the name of the field. A role is the shortest: it stands in every event of its agent."""
MOST_CHARACTERS_OF_ALL = 4_000_000


class TooLong(NamedTuple):
    """`path` is empty where all texts together are too long."""

    path: tuple[str, ...]
    characters: int
    most: int


def beginning(text: str, most: int) -> str:
    """The text, or its beginning with an ellipsis: at most so many characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def too_long(texts: Iterable[tuple[tuple[str, ...], str]], inputs: Mapping[str, Any]) -> list[TooLong]:
    """The texts that are too long once written out, each with its path. Its last step is the field, or the name of one
    of the field's texts. Nothing is written out to find that; inputs that are not given count as they stand in
    braces."""
    lengths = {name: len(str(value)) for name, value in inputs.items()}
    found: list[TooLong] = []
    total = 0
    for path, text in texts:
        uses = uses_in(text)
        grown = sum(count * (lengths[name] - len(name) - 2) for name, count in uses.items() if name in lengths)
        characters = len(text) + grown
        total += characters
        most = next(MOST_CHARACTERS[step] for step in reversed(path) if step in MOST_CHARACTERS)
        if characters > most:
            found.append(TooLong(path, characters, most))
    if not found and total > MOST_CHARACTERS_OF_ALL:
        found.append(TooLong((), total, MOST_CHARACTERS_OF_ALL))
    return found
