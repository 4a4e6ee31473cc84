"""What of a trace is sent to the operator's collector, and when a message that says so comes again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple
from urllib.parse import unquote

from pydantic import AliasChoices, AliasPath, BaseModel, Field

from stepcrew.domain.event_grammar import Phase, grammar_of
from stepcrew.domain.retrying import Patience
from stepcrew.domain.trace import TraceEvent

MOST_SPANS = 512
"""Of one request, as OpenTelemetry's own exporters have it.
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#batch-span-processor"""
TRIES_FOR_THE_REST = 8
"""So often, about ten minutes, an ended execution's export waits for events that are not recorded yet."""
_WAITS = Patience(tries=36, first=5.0, longest=3600.0)
_PARTS = ("task", "flow_method")
_TRIED_AGAIN = (429, 502, 503, 504)
"""What is refused with another status must not be sent again. https://opentelemetry.io/docs/specs/otlp/#failures-1"""


class CollectorAnswer(NamedTuple):
    """What the collector made of a request: `status` is null where it did not answer, and `told` says why; else `told`
    is what it said. `rejected` spans of a request that it took were left out. `retry_after` is how many seconds it
    wants to be left alone."""

    status: int | None
    told: str = ""
    rejected: int = 0
    retry_after: int = 0

    @property
    def is_taken(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    @property
    def is_final(self) -> bool:
        """Whether it was refused for good."""
        return self.status is not None and not self.is_taken and self.status not in _TRIED_AGAIN


class TracePart(BaseModel):
    """Events of one attempt, `first` to `last`, both included."""

    attempt: int
    first: int
    last: int


class ExportMessage(BaseModel):
    """A message of the queue of exports: an execution as a whole, where the event bus told that it ended or waits; or a
    part of its trace, where the sink recorded the end of it."""

    group_id: str = Field(validation_alias=AliasChoices("group_id", AliasPath("detail", "data", "group_id")))
    execution_id: str = Field(
        validation_alias=AliasChoices("execution_id", AliasPath("detail", "data", "execution_id"))
    )
    part: TracePart | None = None


def finished_parts(events: Iterable[TraceEvent]) -> list[TracePart]:
    """Crew tasks and methods of flows that end among these events, also where the next attempt goes on with them."""
    found = [(grammar_of(event), event) for event in events]
    return [
        TracePart(attempt=event.attempt, first=event.started_sequence, last=event.sequence)
        for grammar, event in found
        if grammar.phase is Phase.END and grammar.kind in _PARTS and event.started_sequence is not None
    ]


def wait_before(tries: int, retry_after: int = 0) -> timedelta:
    """How long a message waits that was tried so often: twice as long each time, or as long as the collector wants, up
    to an hour."""
    return timedelta(seconds=min(max(_WAITS.seconds_before(tries), retry_after), _WAITS.longest))


def headers_in(text: str) -> dict[str, str]:
    """Headers as OTEL_EXPORTER_OTLP_HEADERS has them: `name=value`, separated by commas, values percent-encoded. Raises
    ValueError, which does not show the text, for one that is not so.
    https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables"""
    found: dict[str, str] = {}
    for pair in filter(None, (one.strip() for one in text.split(","))):
        name, equals, value = pair.partition("=")
        name, value = name.strip(), unquote(value.strip())
        if not equals or not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
            raise ValueError("a header is not written as name=value")
        if not (value.isascii() and value.isprintable()):
            raise ValueError(f"the value of the header {name} has characters that no header may have")
        found[name] = value
    return found
