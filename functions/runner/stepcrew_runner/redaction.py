"""Secrets never leave the runner: their values are masked wherever text goes out."""

from __future__ import annotations

from typing import Any, cast

MASK = "[secret]"
SHORTEST = 6


class Redactor:
    """Knows the values of this execution's secrets."""

    def __init__(self) -> None:
        self._values: list[str] = []

    def learn(self, value: str | None) -> None:
        """Very short values are left out: masking them would destroy ordinary text."""
        if value and len(value) >= SHORTEST and value not in self._values:
            self._values.append(value)
            self._values.sort(key=len, reverse=True)

    def text(self, text: str) -> str:
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
