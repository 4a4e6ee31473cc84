"""Making foreign text safe and short for a terminal."""

from __future__ import annotations

import json
import unicodedata

from pydantic import JsonValue
from rich.text import Text

KEPT = frozenset("\n\t")
_DIRECTION = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def safe(value: str) -> str:
    """The text without anything that steers a terminal: control characters (escape among them) and direction marks
    become visible; newlines and tabs stay."""
    return "".join(_visible(char) for char in value.replace("\r\n", "\n"))


def _visible(char: str) -> str:
    if char in KEPT or (unicodedata.category(char) != "Cc" and char not in _DIRECTION):
        return char
    code = ord(char)
    return chr(0x2400 + code) if code < 0x20 else f"\\u{code:04x}"


def one_line(value: str, width: int = 100) -> str:
    """The beginning of a text on one line, with an ellipsis where it was cut."""
    flat = " ".join(safe(value[: width * 8]).split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


def plain(value: str, style: str = "") -> Text:
    """Foreign text for rich: markup in it stays text."""
    return Text(safe(value), style=style)


def as_text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def seconds(value: float) -> str:
    if value < 10:
        return f"{value:.2f} s"
    if value < 120:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02d} s"
