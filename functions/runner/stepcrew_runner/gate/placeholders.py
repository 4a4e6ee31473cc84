"""Secrets in the journal: a named placeholder is written for each, and put back when the entry is read."""

from __future__ import annotations

import re
from collections.abc import Mapping

from stepcrew_runner.isolation.redaction import FEWEST_CHARACTERS, forms_of, values_in

BEGINNING = "<stepcrew:"
_LITERAL = f"{BEGINNING}literal:"
"""In place of a beginning that somebody wrote: a placeholder in an answer of a model must not become a secret."""
_MARK = re.compile(rf"{BEGINNING}(?:literal:|secret:[^<>]*>)")


class Placeholders:
    """Replaces the secrets that one attempt knows with their names, in every form in which they are masked
    elsewhere."""

    def __init__(self) -> None:
        self._marks: dict[str, str] = {}
        self._texts: dict[str, str] = {_LITERAL: BEGINNING}

    def learn(self, secrets: Mapping[str, str]) -> None:
        for name, value in secrets.items():
            forms = [form for one in values_in(value) if len(one) >= FEWEST_CHARACTERS for form in forms_of(one)]
            for number, form in enumerate(dict.fromkeys(forms)):
                mark = f"{BEGINNING}secret:{name}:{number}>"
                self._texts[mark] = form
                self._marks.setdefault(form, mark)

    def seal(self, text: str) -> str:
        found = sorted((form for form in self._marks if form in text), key=len, reverse=True)
        if not found and BEGINNING not in text:
            return text
        pattern = "|".join(re.escape(one) for one in (BEGINNING, *found))
        return re.sub(pattern, lambda match: self._marks.get(match[0], _LITERAL), text)

    def unseal(self, text: str) -> str:
        """A placeholder of a secret that is no longer known stays as it is."""
        return _MARK.sub(lambda match: self._texts.get(match[0], match[0]), text)


class KeptPlaceholders(Placeholders):
    """Of a replay, which has no secrets: the crew works with the placeholders themselves. Its requests then are what
    the execution's were when the secrets in them had been replaced."""

    def seal(self, text: str) -> str:
        return text

    def unseal(self, text: str) -> str:
        return text
