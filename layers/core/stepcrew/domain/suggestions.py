"""What somebody probably meant.

Names are compared by the pairs of letters they share (Dice's coefficient): that costs as much as the names are long,
where comparing letter by letter costs their product, and whoever writes the names may choose them to be costly.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

MOST_COMPARED = 64
"""Letters of a name that count."""
_LIKE = 0.5


def near_names(name: str, known: Iterable[str], most: int = 5) -> list[str]:
    """The known names that look like this one, the likeliest first; compared in any case."""
    wanted = _pairs(name)
    rated = [(_likeness(wanted, _pairs(one)), one) for one in known]
    return [one for rate, one in sorted(rated, key=lambda found: -found[0])[:most] if rate >= _LIKE]


def suggest(name: str, known: Iterable[str]) -> str:
    options = list(known)
    near = near_names(name, options, 1)
    if near:
        return f"Did you mean {near[0]}?"
    return f"Known: {', '.join(options[:20])}." if options else "There is none."


@lru_cache(maxsize=1024)
def _pairs(name: str) -> frozenset[str]:
    letters = f" {name[:MOST_COMPARED].casefold()} "
    return frozenset(letters[at : at + 2] for at in range(len(letters) - 1))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / (len(one) + len(other))
