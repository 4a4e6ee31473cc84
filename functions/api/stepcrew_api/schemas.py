"""The shapes on the wire, where they differ from the domain's own. The OpenAPI document is made from them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr

from stepcrew.domain.approval import ApprovalKind
from stepcrew.domain.errors import ExecutionError, Fault
from stepcrew.domain.event_grammar import Phase
from stepcrew.domain.execution import Limits, Progress, Status, TaskState, Usage, Usd
from stepcrew.domain.stored_crew import CREW_REFERENCE, CrewVersion
from stepcrew.domain.trace import EventSource, Gap, LogLine


class CrewRequest(BaseModel):
    """The body of POST /executions. Unknown fields are faults.

    `config` is the crew: either our shape (`agents`, `tasks`, `process`, `model` …) or CrewAI's two files as objects or
    YAML text (`agents_yaml`, `tasks_yaml`). `inputs` may also stand inside `config`. Instead of `config`, `crew` names
    a stored crew, or one version of it (`name@3`); `inputs` are then laid over those stored with it.
    """

    model_config = ConfigDict(extra="forbid")

    config: dict[str, JsonValue] | None = None
    crew: Annotated[str, Field(pattern=CREW_REFERENCE)] | None = None
    inputs: dict[str, JsonValue] | None = None
    name: str | None = Field(None, max_length=200)
    limits: Limits | None = None
    job_type: Literal["crew"] | None = Field(None, description="Accepted for compatibility; only `crew` exists.")


class CrewToStore(BaseModel):
    """The body of PUT /crews/{name}: `config` as in a submission, and default inputs. Unknown fields are faults."""

    model_config = ConfigDict(extra="forbid")

    config: dict[str, JsonValue]
    inputs: dict[str, JsonValue] | None = None


class CrewView(BaseModel):
    """A version of a stored crew; `tasks` and `agents` are counts."""

    name: str
    version: int
    tasks: int
    agents: int
    updated_at: datetime
    updated_by: str | None


class CrewDocument(CrewView):
    """With the crew itself, its default inputs and the names of inputs its texts have in braces."""

    config: dict[str, JsonValue]
    inputs: dict[str, JsonValue]
    placeholders: list[str]


class CrewList(BaseModel):
    """By name, the latest versions. `next_cursor` is opaque and null on the last page."""

    crews: list[CrewView]
    next_cursor: str | None


class SecretToSet(BaseModel):
    """The body of PUT /secrets/{name}. Unknown fields are faults."""

    model_config = ConfigDict(extra="forbid")

    value: SecretStr


class SecretView(BaseModel):
    """A secret of the group; its value is never answered. `set_by` is null when it was not set here. `crews` are the
    stored crews that use it, by their latest versions; the answer to setting one names none."""

    name: str
    set_at: datetime
    set_by: str | None
    crews: list[str]


class SecretList(BaseModel):
    """By name."""

    secrets: list[SecretView]


class SubmittedExecution(BaseModel):
    """The answer to a submission. `replayed` tells that an earlier request with the same key made this execution."""

    execution_id: str
    status: Status
    replayed: bool = False


class PlannedTask(BaseModel):
    name: str
    agent: str | None
    context: list[str] | None = Field(description="Tasks whose outputs it sees; null means all before it.")
    asynchronous: bool
    conditional: bool


class DryRun(BaseModel):
    """What a submission would run; nothing was stored or started."""

    valid: Literal[True] = True
    name: str
    process: str
    model: str | None
    models: list[str] = Field(description="Every model that would be called.")
    agents: list[str]
    tasks: list[PlannedTask]
    tools: list[str]
    placeholders: list[str] = Field(description="Input names found in braces in the definition.")
    limits: Limits = Field(description="As they would be, under the group's defaults and ceilings.")


class TraceCounts(BaseModel):
    """Trace events: `emitted` by the runner (null while the runner has not said), `recorded` so far."""

    emitted: int | None
    recorded: int
    complete: bool


class CancelReceiptView(BaseModel):
    """What a cancel request cost: the model calls, tokens and US dollars after it. `abandoned_calls` were let go while
    they ran: their provider may bill them, but told no usage. All are null when the runner died before it could say."""

    requested_at: datetime
    observed_at: datetime
    model_calls: int | None
    abandoned_calls: int | None
    total_tokens: int | None
    cost_usd: Usd | None


class WaitingView(BaseModel):
    """What a WAITING execution waits for: the approval of this number."""

    number: int
    kind: ApprovalKind
    task_name: str | None
    since: datetime
    expires_at: datetime


class ExecutionView(BaseModel):
    """One execution as clients see it. Times are RFC 3339 UTC; money is US dollars."""

    execution_id: str
    group_id: str
    name: str
    status: Status
    message: str
    process: str
    model: str | None
    source: str
    submitted_by: str | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    deadline: datetime
    limits: Limits
    progress: Progress
    usage: Usage
    error: ExecutionError | None
    attempt: int
    cancel_requested_at: datetime | None
    cancel_receipt: CancelReceiptView | None
    waiting: WaitingView | None
    queue_position: int | None = Field(description="Where it waits for one of the group's slots: its place, 1 is next.")
    crew: CrewVersion | None = Field(description="The stored crew it was made from.")
    traces: TraceCounts


class ExecutionList(BaseModel):
    """Newest first. `next_cursor` is opaque and null on the last page; any other page may be short, or empty."""

    executions: list[ExecutionView]
    next_cursor: str | None


class BodyReference(BaseModel):
    """A body too large to stand here: fetch it from `url` (same authorization). `preview` is its beginning."""

    url: str
    bytes: int
    content_type: str
    preview: str


class TraceEventView(BaseModel):
    """One trace event. `id` is `<attempt>.<sequence>`. `output` is null where `output_reference` stands for it."""

    id: str
    attempt: int
    sequence: int
    emitted_at: datetime
    recorded_at: datetime | None
    event_type: str
    kind: str = Field(description="`event_type` without its phase: `llm_call` for `llm_call_completed`.")
    phase: Phase = Field(description="An `end` tells that what the event is about is over; a `point` has no duration.")
    failed: bool = Field(description="Whether it tells of a failure.")
    pairs_with: str | None = Field(description="On an end: the `id` of its start; null where the trace has none.")
    event_source: EventSource
    event_context: str
    task_id: str | None
    task_name: str | None
    agent_role: str | None
    parent_sequence: int | None
    started_sequence: int | None
    duration_ms: float | None
    output: JsonValue
    output_reference: BodyReference | None
    extra_data: dict[str, JsonValue]
    trace_metadata: dict[str, JsonValue]


class TracePage(BaseModel):
    """Events behind the cursor `after`, in order. `cursor` is where to go on (the same one again when nothing is new).

    `complete` says that the execution has ended and every event it emitted is recorded; `gaps` names what is missing.
    """

    events: list[TraceEventView]
    cursor: str
    more: bool
    complete: bool
    gaps: list[Gap]
    status: Status


class TaskOutputView(BaseModel):
    """What one finished crew task produced. `raw` is null where `raw_reference` stands for it."""

    index: int
    name: str
    agent_role: str | None
    state: TaskState
    expected_output: str | None
    raw: str | None
    raw_reference: BodyReference | None
    json_dict: dict[str, JsonValue] | None
    output_format: str
    attempt: int
    started_at: datetime | None
    ended_at: datetime | None


class ResultView(BaseModel):
    """The outputs so far. `final` tells that the execution completed, so `output` is the crew's answer; while it is
    open or when it did not complete, the finished tasks are here all the same and `output` is null."""

    execution_id: str
    status: Status
    final: bool
    output: str | None
    output_reference: BodyReference | None
    json_dict: dict[str, JsonValue] | None
    tasks: list[TaskOutputView]
    usage: Usage
    error: ExecutionError | None


class LogPage(BaseModel):
    lines: list[LogLine]
    cursor: str
    more: bool


class Health(BaseModel):
    status: Literal["ok"] = "ok"
    version: str
    default_model: str | None
    allowed_models: list[str]


class Problem(BaseModel):
    """RFC 9457 problem document (`application/problem+json`). `errors` names each fault by JSON pointer."""

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    category: str
    retryable: bool
    remedy: str
    errors: list[Fault] = []
    request_id: str | None = None
