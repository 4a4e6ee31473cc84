"""A wait or an end as a text for people, before it is written as Slack or an e-mail has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from stepcrew.domain.announcement import Announcement, BatchData, ExecutionData
from stepcrew.domain.approval import DecisionKind
from stepcrew.domain.budgets import BudgetData, spent_text
from stepcrew.domain.execution import Status
from stepcrew.domain.text_bounds import beginning

MOST_QUESTION = 2_000
"""Characters of an approval's question; the rest is read in the console."""
LABELS = {DecisionKind.APPROVE: "Approve", DecisionKind.REJECT: "Reject"}


class ToldText(NamedTuple):
    """`kind` (or nothing), `name` and `what` are one sentence; `links` are labels with addresses."""

    kind: str
    name: str
    what: str
    lines: list[str]
    links: list[tuple[str, str]]


def told_text(told: Announcement, question: str, console_url: str, decide: Mapping[DecisionKind, str]) -> ToldText:
    """`question` is what the approval asks; without a `console_url` no link leads there; `decide` are the addresses of
    one-time links."""
    data = told.data
    if isinstance(data, BatchData):
        counts = data.counts
        lines = [f"Of {data.total} rows, {counts.completed} completed and {counts.failed} failed."]
        links = [("Open in the console", f"{console_url}/batches/{data.batch_id}")] if console_url else []
        return ToldText("Batch", data.name, f"is {data.status}.", lines, links)
    if isinstance(data, BudgetData):
        name = "the group" if data.crew is None else data.crew
        what = "is used up: nothing more of it is started this month." if data.is_used_up else "is nearly used up."
        lines = [f"{spent_text(data.spent_usd, data.limit_usd)} of {data.month} are spent."]
        links = [("Open in the console", f"{console_url}/usage")] if console_url else []
        return ToldText("Budget of", name, what, lines, links)
    if isinstance(data, ExecutionData):
        return _of_execution(data, question, console_url, decide)
    raise ValueError(f"{told.type} is told to callbacks, which get no text for people.")


def _of_execution(data: ExecutionData, question: str, console_url: str, decide: Mapping[DecisionKind, str]) -> ToldText:
    waits = data.status is Status.WAITING
    lines = [beginning(question, MOST_QUESTION)] if waits and question else []
    if data.error:
        lines.append(f"{data.error.type} ({data.error.category})")
    links = [(LABELS[kind], url) for kind, url in decide.items()]
    if console_url:
        label = "Decide in the console" if waits else "Open in the console"
        links.append((label, f"{console_url}/executions/{data.execution_id}"))
    return ToldText("", data.name, "waits for a decision." if waits else f"is {data.status}.", lines, links)
