"""Secrets never leave the runner: their values are masked wherever text goes out.

On the same way, what is no valid Unicode (half a surrogate pair, which a model may answer) becomes `?`: nothing behind
the runner could store it.
"""

from __future__ import annotations

from typing import Any, cast

MASK = "[secret]"
SHORTEST = 6


class Redactor:
    """Knows the values of this execution's secrets."""

    def __init__(self) -> None:
        self._values: list[str] = []

    def learn(self, value: str | None) -> None:
        """Of `Bearer xyz` and the like, the last word too. Very short values are left out: masking them would destroy
        ordinary text."""
        words = (value or "").split()
        for one in (value or "", *words[-1:]):
            if len(one) >= SHORTEST and one not in self._values:
                self._values.append(one)
        self._values.sort(key=len, reverse=True)

    def text(self, text: str) -> str:
        try:
            text.encode()
        except UnicodeEncodeError:
            text = text.encode(errors="replace").decode()
        for value in self._values:
            if value in text:
                text = text.replace(value, MASK)
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
