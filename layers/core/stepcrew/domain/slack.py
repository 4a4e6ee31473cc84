"""A wait or an end as a text for people, shaped as Slack's incoming webhooks take it.

Source: https://docs.slack.dev/messaging/formatting-message-text (what is escaped, how links are written).
"""

from __future__ import annotations

import json

from stepcrew.domain.announcement import Announcement, BatchData
from stepcrew.domain.execution import Status

MOST_QUESTION = 2_000
"""Characters of an approval's question; the rest is read in the console."""


def slack_body(told: Announcement, question: str, console_url: str) -> str:
    """`question` is what the approval asks; `console_url` may be empty, then there is no link."""
    data = told.data
    if isinstance(data, BatchData):
        return _batch_body(data, console_url)
    lines = [f"*{_escaped(data.name)}* is {data.status}."]
    if data.status is Status.WAITING:
        lines[0] = f"*{_escaped(data.name)}* waits for a decision."
        if question:
            lines.append(_escaped(question[:MOST_QUESTION] + ("…" if len(question) > MOST_QUESTION else "")))
    if data.error:
        lines.append(f"{data.error.type} ({data.error.category})")
    if console_url:
        label = "Decide in the console" if data.status is Status.WAITING else "Open in the console"
        lines.append(f"<{console_url}/executions/{data.execution_id}|{label}>")
    return json.dumps({"text": "\n".join(lines)})


def _batch_body(data: BatchData, console_url: str) -> str:
    counts = data.counts
    lines = [
        f"Batch *{_escaped(data.name)}* is {data.status}.",
        f"Of {data.total} rows, {counts.completed} completed and {counts.failed} failed.",
    ]
    if console_url:
        lines.append(f"<{console_url}/batches/{data.batch_id}|Open in the console>")
    return json.dumps({"text": "\n".join(lines)})


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
