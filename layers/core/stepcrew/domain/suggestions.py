"""What somebody probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def near_names(name: str, known: Iterable[str]) -> list[str]:
    """Up to five, the likeliest first; compared in any case."""
    by_folded = {one.casefold(): one for one in known}
    return [by_folded[found] for found in difflib.get_close_matches(name.casefold(), by_folded, 5, 0.5)]


def suggest(name: str, known: Iterable[str]) -> str:
    options = list(known)
    near = difflib.get_close_matches(name, options, 1, 0.5)
    if near:
        return f"Did you mean {near[0]}?"
    return f"Known: {', '.join(options[:20])}." if options else "There is none."
