"""Callbacks: addresses of its own that an execution has, as clients of CrewAI's hosted API (AMP) name them. One hears
of finished tasks, one of the steps of agents, one of the end.

Each is kept and delivered to as a webhook whose name, with its colon, no webhook of the group can have.
"""

from __future__ import annotations

from typing import ClassVar, Literal, get_args

from pydantic import BaseModel, JsonValue

from stepcrew.domain.canonical import canonical_json, digest
from stepcrew.domain.trace import TraceEvent

CallbackKind = Literal["task", "step", "crew"]
CALLBACK_KINDS: tuple[CallbackKind, ...] = get_args(CallbackKind)
CALLBACK_NAME = r"[A-Za-z0-9-]{1,80}:(task|step|crew)"
CALLBACK_SECRET = "WEBHOOK_AMP"  # noqa: S105 - a name
"""The group's secret that deliveries to callbacks are signed with, where it has one of that name."""

_STEPS = frozenset({"tool_usage_completed", "tool_usage_failed", "agent_execution_completed"})


class CallbackTerms(BaseModel):
    """Which execution a callback belongs to, and what of it is told. `meta` is in every body."""

    execution_id: str
    kind: CallbackKind
    meta: dict[str, JsonValue] | None = None


class TaskData(BaseModel):
    """A crew task was finished by this attempt; `task` is its index."""

    kind: ClassVar[CallbackKind] = "task"

    group_id: str
    execution_id: str
    attempt: int
    task: int


class StepData(BaseModel):
    """An agent has used a tool or answered: the trace event of that number tells what it was."""

    kind: ClassVar[CallbackKind] = "step"

    group_id: str
    execution_id: str
    attempt: int
    sequence: int


def callback_name(execution_id: str, kind: CallbackKind) -> str:
    return f"{execution_id}:{kind}"


def is_step(event: TraceEvent) -> bool:
    return event.event_type in _STEPS


def step_digest(event: TraceEvent) -> str:
    """The same for a step that a later attempt comes to again, answered from the journal; and for one that repeats an
    earlier one of its task in everything."""
    kept = event.output_reference.sha256 if event.output_reference else event.output
    told = [event.event_type, event.task_name, event.agent_role, event.extra_data.get("tool_name")]
    return digest(canonical_json([*told, event.extra_data.get("tool_args"), kept], sort_keys=True))
