"""The trace: the ordered facts of one execution, and the message that carries them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from pydantic import BaseModel, JsonValue

SYSTEM_ATTEMPT = 9999
"""The attempt under which the platform itself writes (a crash the runner could not report); it sorts last."""


class EventSource(StrEnum):
    FLOW = "flow"
    CREW = "crew"
    TASK = "task"
    AGENT = "agent"
    LLM = "llm"
    TOOL = "tool"
    MEMORY = "memory"
    KNOWLEDGE = "knowledge"
    REASONING = "reasoning"
    GUARDRAIL = "guardrail"
    MCP = "mcp"
    HUMAN = "human"
    SYSTEM = "system"


TEXT = "text/plain; charset=utf-8"


class PayloadReference(BaseModel):
    """A body that is kept in the bucket. `bytes` is its size; `preview` its first characters; `sha256` (hex) of it."""

    payload_id: str
    bytes: int
    content_type: str = "application/json"
    preview: str = ""
    sha256: str = ""


class TraceEvent(BaseModel):
    """One recorded fact. Ordered by (attempt, sequence); `sequence` counts from 1 without gaps within its attempt.

    A pair shares `span_id`: the finished event names the started one's sequence in `started_sequence` and carries
    `duration_ms`. `parent_sequence` is the started event of the enclosing scope in the same attempt (null at the top).
    `output` is the body to show (text or JSON); `extra_data` small structured facts (model, usage, tool name…).
    `previous` is the hash of the event before, null at the first of an attempt.
    """

    execution_id: str
    group_id: str
    attempt: int
    sequence: int
    emitted_at: datetime
    recorded_at: datetime | None = None
    event_type: str
    event_source: EventSource
    event_context: str = ""
    task_id: str | None = None
    task_name: str | None = None
    agent_role: str | None = None
    parent_sequence: int | None = None
    started_sequence: int | None = None
    duration_ms: float | None = None
    output: JsonValue = None
    output_reference: PayloadReference | None = None
    extra_data: dict[str, JsonValue] = {}
    trace_metadata: dict[str, JsonValue] = {}
    previous: str | None = None


class LogLine(BaseModel):
    """One line of the execution's log. `level` is a Python level name."""

    attempt: int
    sequence: int
    emitted_at: datetime
    level: str
    logger: str
    message: str


class TraceBatch(BaseModel):
    """One queue message: consecutive events of one attempt, and the log lines written meanwhile."""

    group_id: str
    execution_id: str
    attempt: int
    events: list[TraceEvent] = []
    logs: list[LogLine] = []


class RecordedRange(BaseModel):
    """One batch of consecutive events that is stored, `first` to `last`, both included."""

    attempt: int
    first: int
    last: int


class Gap(BaseModel):
    """Events that were emitted but are not (yet) recorded: `first` to `last`, both missing; last null when unknown."""

    attempt: int
    first: int
    last: int | None = None
