"""A collector of traces that answers as a test says."""

from __future__ import annotations

import json
from typing import Any

from stepcrew.domain.exporting import CollectorAnswer


class FakeCollector:
    """`Collector`."""

    def __init__(self) -> None:
        self.taken: list[Any] = []
        self.answers: list[CollectorAnswer] = []
        """To the next requests; all others are taken."""

    def post(self, otlp_json: bytes) -> CollectorAnswer:
        answer = self.answers.pop(0) if self.answers else CollectorAnswer(200)
        if answer.is_taken:
            self.taken.append(json.loads(otlp_json))
        return answer

    @property
    def names(self) -> list[list[str]]:
        """Of the spans of each request."""
        return [[span["name"] for span in one["resourceSpans"][0]["scopeSpans"][0]["spans"]] for one in self.taken]
