"""Inputs that were given on the command line and that no text of the crew asks for: most likely typing mistakes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterator
from typing import cast

from stepcrew_cli.errors import CliError
from stepcrew_reader.documents import Document

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_\-]*)\}")
"""CrewAI's own pattern (crewai/utilities/string_utils.py)."""
OF_THE_RUN = frozenset(
    {"crewai_trigger_payload", "process", "manager_llm", "manager_agent", "planning", "planning_llm", "reasoning"}
)
"""Inputs that count without a placeholder: the trigger payload, and settings that a request may carry as inputs."""


def placeholders(value: object) -> set[str]:
    """Every `{name}` in the texts of a document."""
    return {name for text in _texts(value) for name in _PLACEHOLDER.findall(text)}


def refuse_unused(given: Collection[str], asked: Collection[str], own: Document) -> None:
    """`given` are the names from the command line, `asked` those in the crew's texts, `own` the crew's default inputs.
    Raises CliError for a name that is neither asked for nor one of the defaults."""
    for name in given:
        if name in asked or name in own or name in OF_THE_RUN:
            continue
        near = difflib.get_close_matches(name, sorted(asked), 1)
        remedy = f"Did you mean {near[0]}?" if near else f"It asks for: {', '.join(sorted(asked)) or 'no inputs'}."
        raise CliError(f"No text of the crew has {{{name}}}, so the input {name} would change nothing.", remedy=remedy)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for child in cast("dict[str, object]", value).values():
            yield from _texts(child)
    elif isinstance(value, list):
        for child in cast("list[object]", value):
            yield from _texts(child)
