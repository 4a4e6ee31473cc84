"""What a caller's `Accept` says of a media type. https://www.rfc-editor.org/rfc/rfc9110#field.accept"""

from __future__ import annotations

from email.message import Message
from typing import NamedTuple


class Wish(NamedTuple):
    """How much something is wanted, from 0, not at all, to 1; and how exactly the header named it: 2 by its own name, 1
    by `type/*`, 0 by `*/*` or not at all. The greater is the better."""

    quality: float = 0
    exactness: int = 0

    @property
    def is_by_name(self) -> bool:
        return self.quality > 0 and self.exactness == 2


def wish(accept: str, media_type: str) -> Wish:
    """What names it most exactly counts. An empty header accepts everything."""
    ranges = ("*/*", f"{media_type.partition('/')[0]}/*", media_type)
    found = Wish()
    for part in (accept or "*/*").split(","):
        read = Message()
        read["content-type"] = part.strip()
        name = part.partition(";")[0].strip().lower()
        if name in ranges and ranges.index(name) >= found.exactness:
            found = Wish(_quality(read.get_param("q", "1")), ranges.index(name))
    return found


def _quality(written: object) -> float:
    """What cannot be read counts as wanted, as if it had not been written."""
    try:
        return min(max(float(str(written)), 0), 1)
    except ValueError:
        return 1
