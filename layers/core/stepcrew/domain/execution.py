"""The execution record: one run of a crew, its status and who may change it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from stepcrew.domain.callback import CallbackKind
from stepcrew.domain.errors import ExecutionError
from stepcrew.domain.metering import Metered
from stepcrew.domain.money import Usd
from stepcrew.domain.proof import AttemptProof
from stepcrew.domain.stored_crew import CrewVersion
from stepcrew.domain.trace import PayloadReference

DEFAULT_TIMEOUT_SECONDS = 3600
MAX_TIMEOUT_SECONDS = 7 * 24 * 3600
MOST_TOKENS = 10**12
MOST_MODEL_CALLS = 10**6
MOST_USD = 10**6
MOST_RERUNS = 100
"""Of one execution: its record names them all."""


class Status(StrEnum):
    PENDING = "PENDING"
    RUNNING = "RUNNING"
    WAITING = "WAITING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def is_terminal(self) -> bool:
        return self in TERMINAL


TERMINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})
OPEN = frozenset(Status) - TERMINAL

SLOT_STATUSES = frozenset({Status.PENDING, Status.RUNNING})
"""Those of executions that hold a slot, unless they wait for one. One that is WAITING for a person gives it back."""

SOURCES_OF: dict[Status, frozenset[Status]] = {
    Status.RUNNING: frozenset({Status.PENDING, Status.RUNNING}),  # from WAITING by a decision, nothing else
    Status.WAITING: frozenset({Status.RUNNING}),
    Status.COMPLETED: frozenset({Status.RUNNING}),
    Status.FAILED: OPEN,
    Status.CANCELLED: OPEN,
}
"""The statuses each status may be entered from. No terminal status is ever among them."""


def _number(value: object) -> object:
    if isinstance(value, bool | str):
        raise ValueError("input should be a number")
    return value


NumberOnly = BeforeValidator(_number)
Money = Annotated[
    Usd,
    Field(gt=0, le=MOST_USD, decimal_places=9),
    BeforeValidator(_number, json_schema_input_type=Annotated[float, Field(gt=0, le=MOST_USD)]),
]


TimeoutSeconds = Annotated[int, Field(ge=1, le=MAX_TIMEOUT_SECONDS), NumberOnly]
Tokens = Annotated[int, Field(ge=1, le=MOST_TOKENS), NumberOnly]
ModelCalls = Annotated[int, Field(ge=1, le=MOST_MODEL_CALLS), NumberOnly]


class Limits(BaseModel):
    """What one execution may use before it is stopped. Times in seconds, money in US dollars."""

    model_config = ConfigDict(extra="forbid")

    timeout_seconds: TimeoutSeconds = DEFAULT_TIMEOUT_SECONDS
    max_tokens: Tokens | None = None
    max_cost_usd: Money | None = None
    max_model_calls: ModelCalls | None = None
    on_budget: Literal["fail", "ask"] = Field(
        default="fail",
        description="Whether a used-up budget (not the time) ends the execution or asks a person for more.",
    )


class GroupLimits(BaseModel):
    """Limits an operator sets for a group; null where there is none."""

    model_config = ConfigDict(extra="forbid")

    timeout_seconds: TimeoutSeconds | None = None
    max_tokens: Tokens | None = None
    max_cost_usd: Money | None = None
    max_model_calls: ModelCalls | None = None


class Usage(BaseModel):
    """Tokens and money, summed over every model call. `cost_usd` is null, with `cost_note`, when a price is unknown, or
    what a call used. `unanswered_calls` were sent and brought no answer: their provider may bill what is not in it."""

    model_calls: int = 0
    prompt_tokens: int = 0
    cached_prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    total_tokens: int = 0
    unanswered_calls: int = 0
    cost_usd: Usd | None = None
    cost_note: str | None = None


class Progress(BaseModel):
    """How far the crew is, counted in crew tasks (skipped conditional ones count as done)."""

    tasks_done: int = 0
    tasks_total: int = 0
    current_task: str | None = None
    current_agent: str | None = None


class Waiting(BaseModel):
    """Why an execution is WAITING: the approval of this number."""

    number: int
    kind: str
    task_name: str | None = None
    since: datetime
    expires_at: datetime


class CancelReceipt(BaseModel):
    """What a cancel request cost. `observed_at` is when the runner (or whoever ended the execution) saw it; the model
    calls, tokens and US dollars are those after the request: the call in flight at most. A call that was abandoned
    counts in `abandoned_calls` too: its provider may bill it, but never told its usage. All of them are null when the
    runner died before it could say."""

    requested_at: datetime
    observed_at: datetime
    model_calls: int | None = None
    abandoned_calls: int | None = None
    total_tokens: int | None = None
    cost_usd: Usd | None = None


class BatchPlace(BaseModel):
    """The row of a batch that an execution runs, and in which round of the batch."""

    batch_id: str
    row: int
    round: int


class Execution(BaseModel):
    """One run of a crew, as the table and the API hold it.

    `revision` grows with every write and is the ETag. `traces_emitted` and `traces_recorded` are keyed by attempt
    number; an attempt that died left no emitted count. `cancel_requested_at` is set before the status is terminal.
    `deadline` moves on by the time spent WAITING or in the queue. `queued_at` is set while it waits for one of its
    group's slots (see `holds_slot`). `journalled` tells that all its attempts keep a journal, from which the next one
    can go on. `definition_hash` is the SHA-256 (hex) of the submission. `first_limits` are
    those it began with, when a decision has raised `limits` since. `crew` is the stored crew it was made from, if it
    was; its definition is kept with the execution all the same. `runner` is the function that runs it where that is not
    the shared one. `rerun_of` is the execution this one repeats, from the crew task `rerun_from` on where that is set;
    `reruns` are those that repeat this one. `proof` has the ends of the chains of each attempt that could tell them; it
    is null for executions that an older version made. `source` is what started it: `api`, `mcp`, `rerun`, `batch`, or
    the kind of a trigger; `triggered_by` names the triggers behind it, the last one started it. `webhooks` are those of
    the group that its submission named, `callbacks` the kinds of those it has addresses of its own for. `batch` is set
    where it runs a row of one. `traceparent` is the caller's (W3C trace context); with `debug`, its log has everything.
    `metered` is what its attempts used; since `unmetered_since`, one is at work that has not said it, or died, on a
    function with `memory_mb`.
    """

    execution_id: str
    group_id: str
    name: str
    status: Status
    message: str = ""
    revision: int = 1
    process: str = "sequential"
    model: str | None = None
    source: str = "api"
    triggered_by: list[str] = []
    submitted_by: str | None = None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    deadline: datetime
    limits: Limits = Limits()
    first_limits: Limits | None = None
    progress: Progress = Progress()
    usage: Usage = Usage()
    error: ExecutionError | None = None
    attempt: int = 0
    cancel_requested_at: datetime | None = None
    cancel_receipt: CancelReceipt | None = None
    waiting: Waiting | None = None
    queued_at: datetime | None = None
    approvals: int = 0
    journalled: bool = False
    definition_hash: str | None = None
    crew: CrewVersion | None = None
    runner: str | None = None
    webhooks: list[str] = []
    callbacks: list[CallbackKind] = []
    batch: BatchPlace | None = None
    rerun_of: str | None = None
    rerun_from: str | None = None
    reruns: list[str] = []
    proof: dict[str, AttemptProof] | None = None
    traces_emitted: dict[str, int] = {}
    traces_recorded: dict[str, int] = {}
    traceparent: str | None = None
    debug: bool = False
    metered: Metered | None = None
    unmetered_since: datetime | None = None
    memory_mb: int = 0

    @property
    def crew_name(self) -> str | None:
        """Of the stored crew it was made from."""
        return self.crew.name if self.crew else None

    @property
    def holds_slot(self) -> bool:
        """Whether it takes one of its group's slots: it runs, or is about to."""
        return self.status in SLOT_STATUSES and self.queued_at is None


class TaskState(StrEnum):
    COMPLETED = "completed"
    SKIPPED = "skipped"


class TaskOutput(BaseModel):
    """What one finished crew task produced; also the checkpoint from which a later attempt goes on.

    `raw` is the text; `json_dict` its parsed form when the task asked for structured output. `messages` never travel.
    `kept_from` is the execution that a rerun took it over from, and `edited` tells that a person wrote it; of both,
    `attempt` is 0.
    Where a store was asked for light answers, `raw_reference` stands for a large `raw` (then empty), and
    `json_reference` for a large `json_dict` (then null).
    """

    index: int
    name: str
    agent_role: str | None = None
    state: TaskState = TaskState.COMPLETED
    description: str = ""
    expected_output: str | None = None
    raw: str = ""
    json_dict: dict[str, object] | None = None
    output_format: str = "raw"
    raw_reference: PayloadReference | None = None
    json_reference: PayloadReference | None = None
    attempt: int = 1
    started_at: datetime | None = None
    ended_at: datetime | None = None
    kept_from: str | None = None
    edited: bool = False


def crews_answer(outputs: Sequence[TaskOutput]) -> TaskOutput | None:
    """The output that is the crew's own, as CrewAI chooses it: of the last task that has any text. A skipped one has
    none. Source: `_create_crew_output` of crewai/crew.py."""
    return next((output for output in reversed(outputs) if output.raw or output.raw_reference), None)
