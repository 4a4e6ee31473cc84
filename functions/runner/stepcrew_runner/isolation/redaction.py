"""Secrets never leave the runner: their values are masked wherever text goes out, before it is cut anywhere.

On the same way, what is no valid Unicode (half a surrogate pair, which a model may answer) becomes `?`: nothing behind
the runner could store it.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
from collections.abc import Iterator
from typing import Any, cast
from urllib.parse import quote, quote_plus

MASK = "[secret]"
FEWEST_CHARACTERS = 4
"""Values and forms of them below that are left alone: masking them would destroy ordinary text."""
FEWEST_OF_A_BEGINNING = 6
ELLIPSES = ("…", "...")


class Redactor:
    """Knows the values of this execution's secrets, and how each looks encoded."""

    def __init__(self) -> None:
        self._values: list[str] = []
        self._forms: list[str] = []

    def learn(self, value: str | None) -> None:
        for one in values_in(value or ""):
            if len(one) >= FEWEST_CHARACTERS and one not in self._values:
                self._values.append(one)
                self._forms += [form for form in forms_of(one) if form not in self._forms]
        self._values.sort(key=len, reverse=True)
        self._forms.sort(key=len, reverse=True)

    def text(self, text: str) -> str:
        text = valid(text)
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        return self._without_beginnings(text)

    def _without_beginnings(self, text: str) -> str:
        """Masks the beginning of a secret where somebody else has cut the text: a library, a model, a server."""
        for value in self._values:
            start = text.find(value[:FEWEST_OF_A_BEGINNING])
            while start >= 0:
                end = start + _common(value, text[start : start + len(value)])
                if end - start >= FEWEST_OF_A_BEGINNING and (end == len(text) or text.startswith(ELLIPSES, end)):
                    text = text[:start] + MASK + text[end:]
                start = text.find(value[:FEWEST_OF_A_BEGINNING], start + 1)
        return text

    def json(self, value: Any) -> Any:
        """A copy of a JSON-like value with every text masked."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.json(entry) for entry in cast("list[Any]", value)]
        if isinstance(value, dict):
            return {self.text(str(key)): self.json(entry) for key, entry in cast("dict[Any, Any]", value).items()}
        return value


def valid(text: str) -> str:
    """The text with `?` in place of each half of a surrogate pair."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text


def values_in(value: str) -> Iterator[str]:
    """The value, of `Bearer xyz` and the like the last word too, and of `Basic …` what is encoded in it."""
    words = value.split()
    yield from dict.fromkeys((value, *words[-1:], *_basic(words)))


def forms_of(value: str) -> Iterator[str]:
    """The value as it stands in plain text, in JSON (once and twice encoded), Python, HTML and XML, in an address, in
    hexadecimal, and in base64 of any text around it."""
    once = json.dumps(value)[1:-1]
    raw = value.encode(errors="surrogatepass")
    percent = quote(value, safe="")
    found = [
        *(value, once, once.replace("/", "\\/"), json.dumps(value, ensure_ascii=False)[1:-1], json.dumps(once)[1:-1]),
        *(repr(value)[1:-1], html.escape(value), html.escape(value, quote=False)),
        *(percent, quote(value), quote_plus(value), _lower_escapes(percent), _lower_escapes(quote_plus(value))),
        *(raw.hex(), raw.hex().upper(), raw.hex(":"), raw.hex(" ")),
        *_in_base64(raw),
    ]
    return (form for form in dict.fromkeys(found) if len(form) >= FEWEST_CHARACTERS)


def _lower_escapes(text: str) -> str:
    """Writes the escapes of an address in lower case: `%2F` becomes `%2f`."""
    head, *rest = text.split("%")
    return head + "".join(f"%{part[:2].lower()}{part[2:]}" for part in rest)


def _in_base64(raw: bytes) -> Iterator[str]:
    """The characters that do not depend on what stands before and behind: three letters hold four characters, so the
    value may begin at any of three places."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + raw).decode()
        first = -(-before * 8 // 6)
        last = (before + len(raw)) * 8 // 6
        for alphabet in (encoded, encoded.translate({ord("+"): "-", ord("/"): "_"})):
            yield alphabet[first:last]


def _basic(words: list[str]) -> Iterator[str]:
    """User and password of `Basic …`, together and the password alone."""
    if len(words) == 2 and words[0].lower() == "basic":
        try:
            pair = base64.b64decode(words[1], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return
        yield pair
        yield pair.partition(":")[2]


def _common(one: str, other: str) -> int:
    """How many characters both begin with."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )
