"""What somebody probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def suggest(name: str, known: Iterable[str]) -> str:
    options = list(known)
    near = difflib.get_close_matches(name, options, 1, 0.5)
    if near:
        return f"Did you mean {near[0]}?"
    return f"Known: {', '.join(options[:20])}." if options else "There is none."
