"""How large an answer of the API is where Lambda counts it.

Lambda answers at most 6 MB (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html), and the answer
is one JSON document with the body as a string in it: every quotation mark, backslash and line end of the body takes one
byte more, every other control character six bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import accumulate, takewhile

MOST_ANSWER_BYTES = 5_500_000
"""6 MB less the headers and the parts around the items that are counted here, with room to spare."""


def answered_bytes(body: str) -> int:
    """The bytes of a body (a JSON text, say) inside Lambda's answer."""
    return len(json.dumps(body, ensure_ascii=False).encode(errors="replace")) - 2


def how_many_fit(bodies: Iterable[str], room: int = MOST_ANSWER_BYTES) -> int:
    """How many of the bodies, from the first on, fit into one answer; at least one where there is any."""
    sizes = accumulate(answered_bytes(body) + 1 for body in bodies)
    return sum(1 for _ in takewhile(lambda entry: entry[0] == 0 or entry[1] <= room, enumerate(sizes)))
