"""One trace event as one line."""

from __future__ import annotations

from pydantic import JsonValue
from rich.text import Text

from stepcrew_cli.text import as_text, one_line, plain, seconds
from stepcrew_cli.wire import TraceEvent

SOURCE_STYLE = {
    "flow": "bold",
    "crew": "bold",
    "task": "cyan",
    "agent": "blue",
    "llm": "magenta",
    "tool": "yellow",
    "system": "red",
    "human": "green",
}
PREVIEW = 70


def total_tokens(event: TraceEvent) -> int | None:
    """The tokens of a finished model call, if its usage says them."""
    usage = event.extra_data.get("usage", event.extra_data)
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) else None


def preview(event: TraceEvent, width: int = PREVIEW) -> str:
    value: JsonValue = event.output if event.output_reference is None else event.output_reference.preview
    if event.kind == "llm_call" and event.phase == "start":
        value = _newest_message(value)
    return "" if value in (None, "", {}, []) else one_line(as_text(value), width)


def _newest_message(messages: JsonValue) -> JsonValue:
    """What is new in a conversation stands at its end; the beginning is the same in every call."""
    newest = messages[-1] if isinstance(messages, list) and messages else None
    content = newest.get("content") if isinstance(newest, dict) else None
    return content.lstrip() if isinstance(content, str) and content else messages


def details(event: TraceEvent) -> Text:
    """Type, context, duration, tokens and the beginning of the body; no time."""
    style = "red" if event.failed else SOURCE_STYLE.get(event.event_source, "")
    line = plain(event.event_type, style)
    if event.event_context and event.event_context not in {event.agent_role, event.task_name}:
        line.append_text(plain(f" {one_line(event.event_context, 60)}"))
    if event.duration_ms is not None:
        line.append(f"  {seconds(event.duration_ms / 1000)}", "green")
    tokens = total_tokens(event)
    if tokens is not None:
        line.append(f"  {tokens} tokens", "dim")
    beginning = preview(event)
    if beginning:
        line.append(f"  {beginning}", "dim")
    return line


def event_line(event: TraceEvent) -> Text:
    """The whole event for a log of lines: time of day, id, who, details."""
    line = Text(f"{event.emitted_at.astimezone():%H:%M:%S} ", "dim")
    line.append(f"{event.id:>6} ", "dim")
    who = " / ".join(one_line(part, 30) for part in (event.agent_role, event.task_name) if part)
    if who:
        line.append(f"[{who}] ")
    return line.append_text(details(event))
