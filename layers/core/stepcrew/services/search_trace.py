"""The events of a trace in which a text stands, also where it stands in a large body kept in the bucket."""

from __future__ import annotations

import json
from typing import Any

from stepcrew.domain.json_text import NotJson, read_json
from stepcrew.domain.trace import PayloadReference, TraceEvent
from stepcrew.services.ports import PayloadStore
from stepcrew.services.read_trace import ReadTrace, TracePage

MOST_BODIES = 60
"""How many bodies one page opens: each is a request of tens of milliseconds, and the API answers within 29 s."""
MOST_BODY_BYTES = 8_000_000
"""How much of bodies one page reads. One body larger than that is read alone."""


class SearchTrace:
    """Looks at one page of the trace, as far as the work that is allowed for one answer goes; the position of the page
    says how far that was, so the next page continues there."""

    def __init__(self, read_trace: ReadTrace, payloads: PayloadStore) -> None:
        self._read_trace = read_trace
        self._payloads = payloads

    def __call__(
        self, group_id: str, execution_id: str, *, search: str, after: tuple[int, int], limit: int
    ) -> TracePage:
        """`search` is found whatever its case. `limit` bounds the events that are looked at, not those found."""
        page = self._read_trace(group_id, execution_id, after=after, limit=limit)
        wanted = search.casefold()
        found: list[TraceEvent] = []
        position = after
        bodies, size = 0, 0
        for event in page.events:
            matches = wanted in _own_text(event).casefold()
            reference = event.output_reference
            if not matches and reference:
                if bodies and (bodies == MOST_BODIES or size + reference.bytes > MOST_BODY_BYTES):
                    return page._replace(events=found, position=position, more=True)
                bodies, size = bodies + 1, size + reference.bytes
                matches = wanted in self._body(group_id, execution_id, reference).casefold()
            if matches:
                found.append(event)
            position = (event.attempt, event.sequence)
        return page._replace(events=found)

    def _body(self, group_id: str, execution_id: str, reference: PayloadReference) -> str:
        """The text of the body; none when it is gone."""
        body = self._payloads.get(group_id, execution_id, reference.payload_id) or b""
        text = body.decode(errors="replace")
        if "json" not in reference.content_type:
            return text
        try:
            return _text_of(read_json(text))
        except NotJson:
            return text


def _own_text(event: TraceEvent) -> str:
    told = (event.event_type, event.event_context, event.agent_role, event.task_name)
    return "\n".join([*(one for one in told if one), _text_of(event.output), _text_of(event.extra_data)])


def _text_of(value: Any) -> str:
    """As a reader sees it: quotation marks and line breaks in texts are not escaped."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return "\n".join(f"{key}\n{_text_of(one)}" for key, one in value.items())  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return "\n".join(map(_text_of, value))  # pyright: ignore[reportUnknownArgumentType]
    return "" if value is None else json.dumps(value)
