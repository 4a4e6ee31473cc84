"""A collector of traces that answers as a test says."""

from __future__ import annotations

import json
from typing import Any

from stepcrew.domain.webhook import Answer


class FakeCollector:
    """`Collector`."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.answers: list[Answer] = []
        """To the next requests; all others are taken."""

    def post(self, body: bytes) -> Answer:
        answer = self.answers.pop(0) if self.answers else Answer(status=200, body="{}")
        if answer.is_taken:
            self.taken.append(json.loads(body))
        return answer

    @property
    def names(self) -> list[list[str]]:
        """Of the spans of each request."""
        return [[span["name"] for span in one["resourceSpans"][0]["scopeSpans"][0]["spans"]] for one in self.taken]
