"""Secrets in the journal: a named placeholder is written for each, and put back when the entry is read."""

from __future__ import annotations

import json
from collections.abc import Mapping

SHORTEST = 6
"""Shorter values would be found in ordinary text."""


class Placeholders:
    """Of one attempt: the secrets it knows, by name."""

    def __init__(self) -> None:
        self._texts: list[tuple[str, str]] = []

    def learn(self, secrets: Mapping[str, str]) -> None:
        for name, value in secrets.items():
            mark = f"<stepcrew:secret:{name}>"
            for text in {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}:
                if len(text) >= SHORTEST:
                    self._texts.append((text, mark))
        self._texts.sort(key=lambda one: len(one[0]), reverse=True)

    def seal(self, text: str) -> str:
        for value, mark in self._texts:
            text = text.replace(value, mark)
        return text

    def unseal(self, text: str) -> str:
        for value, mark in self._texts:
            if mark in text:
                text = text.replace(mark, value)
        return text
