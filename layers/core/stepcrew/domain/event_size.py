"""How large a trace event may be, so that none is lost for its size.

An item of DynamoDB holds 400 KB
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html#limits-items), a message of SQS 1 MiB
(https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html). Large bodies are kept
elsewhere before that; here is what holds for every event whatever it is made of. The runner applies it before it sends,
the trace sink before it stores.
"""

from __future__ import annotations

from pydantic import JsonValue

from stepcrew.domain.text_bounds import MOST_CHARACTERS, beginning
from stepcrew.domain.trace import LogLine, TraceEvent

MOST_LABEL = MOST_CHARACTERS["role"]
"""Characters of a role, a name or another label."""
MOST_EVENT_BYTES = 200_000
MOST_LINE = 10_000
"""Characters of a log line."""
MOST_PREVIEW = 2_000
SHORTENED = "shortened"
"""The key in `extra_data` of an event that says what had to be cut off."""


def label(text: str) -> str:
    """A label as it is, or its beginning."""
    return beginning(text, MOST_LABEL)


def fitted(event: TraceEvent) -> TraceEvent:
    """The event, or a smaller one that says what it lacks."""
    labels = {
        name: label(value)
        for name in ("event_type", "event_context", "task_name", "agent_role")
        if (value := getattr(event, name)) is not None and len(value) > MOST_LABEL
    }
    if labels:
        event = event.model_copy(update=labels)
    if _bytes(event) > MOST_EVENT_BYTES and event.output is not None:
        event = _shortened(event, "output", output=beginning(str(event.output), MOST_PREVIEW))
    if _bytes(event) > MOST_EVENT_BYTES:
        kept = {name: value for name, value in event.extra_data.items() if name == SHORTENED}
        event = _shortened(event.model_copy(update={"extra_data": kept}), "extra_data", trace_metadata={})
    return event


def fitted_line(line: LogLine) -> LogLine:
    """The line, or its beginning where it is too long to be stored."""
    if len(line.message) <= MOST_LINE and len(line.logger) <= MOST_LABEL:
        return line
    return line.model_copy(update={"message": line.message[:MOST_LINE], "logger": label(line.logger)})


def _shortened(event: TraceEvent, what: str, **changes: object) -> TraceEvent:
    already = event.extra_data.get(SHORTENED)
    told: list[JsonValue] = [*(already if isinstance(already, list) else []), what]
    return event.model_copy(update={**changes, "extra_data": {**event.extra_data, SHORTENED: told}})


def _bytes(event: TraceEvent) -> int:
    # A model made without validation (as the runner does) is written as it is.
    return len(event.__pydantic_serializer__.to_json(event))
