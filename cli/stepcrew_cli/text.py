"""Making foreign text safe and short for a terminal."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping

from pydantic import JsonValue
from rich.text import Text

KEPT = frozenset("\n\t")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode's categories of what is no visible sign: control and format characters (escape, U+009B, direction marks,
zero-width characters, tags), half surrogate pairs, line and paragraph separators."""


def safe(value: str) -> str:
    """The text with everything that steers a terminal, or hides in it, made visible; newlines and tabs stay."""
    return "".join(_visible(char) for char in value.replace("\r\n", "\n"))


def _visible(char: str) -> str:
    if not _is_unseen(char):
        return char
    code = ord(char)
    return chr(0x2400 + code) if code < 0x20 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _is_unseen(char: str) -> bool:
    return char not in KEPT and unicodedata.category(char) in _UNSEEN


def json_text(value: JsonValue, indent: int | None = None) -> str:
    """JSON that any terminal may show: what `safe` makes visible is escaped, and reads back as it was."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return "".join(json.dumps(char)[1:-1] if _is_unseen(char) else char for char in text)


def one_line(value: str, width: int = 100) -> str:
    """The beginning of a text on one line, with an ellipsis where it was cut."""
    flat = " ".join(safe(value[: width * 8]).split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


def first_sentence(text: str) -> str:
    """Up to the first full stop that ends a line or is followed by a space."""
    return re.split(r"(?<=\.)\s", " ".join(text.split()), maxsplit=1)[0]


def plain(value: str, style: str = "") -> Text:
    """Foreign text for rich: markup in it stays text."""
    return Text(safe(value), style=style)


def as_text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json_text(value)


def counted(kinds: Mapping[str, int]) -> str:
    """`12 trace events, 1 execution`, of counts by kinds in the plural."""
    named = ((f"{kind.replace('_', ' ')}", count) for kind, count in kinds.items())
    return ", ".join(f"{count} {_one(kind) if count == 1 else kind}" for kind, count in named) or "nothing"


def _one(kind: str) -> str:
    return re.sub(r"ies$", "y", kind) if kind.endswith("ies") else re.sub(r"(?<=ch)es$|s$", "", kind)


def seconds(value: float) -> str:
    if value < 10:
        return f"{value:.2f} s"
    if value < 120:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02d} s"
