"""The shapes on the wire, where they differ from the domain's own. The OpenAPI document is made from them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, JsonValue

from stepcrew.domain.approval import ApprovalKind
from stepcrew.domain.bill import CostSummary
from stepcrew.domain.errors import ExecutionError, Fault
from stepcrew.domain.event_grammar import Phase
from stepcrew.domain.execution import BatchPlace, Limits, Progress, Status, TaskState, Usage, Usd
from stepcrew.domain.project import ProjectVersion
from stepcrew.domain.proof import AttemptProof
from stepcrew.domain.stored_crew import CrewVersion
from stepcrew.domain.trace import EventSource, Gap, LogLine


class CrewView(BaseModel):
    """A version of a stored crew; `tasks` and `agents` are counts. `kind` is `crew` or `flow` for a project."""

    name: str
    version: int
    tasks: int
    agents: int
    updated_at: datetime
    updated_by: str | None
    kind: Literal["definition", "crew", "flow", "script"]


class CrewDocument(CrewView):
    """A version of a stored crew with the crew itself, its default inputs and the input names in its texts
    (`{topic}`). Of a project, `config` is an outline."""

    project: ProjectVersion | None = None

    config: dict[str, JsonValue]
    inputs: dict[str, JsonValue]
    placeholders: list[str]


class CrewList(BaseModel):
    """Stored crews by name, each as its latest version. `next_cursor` is opaque and null on the last page."""

    crews: list[CrewView]
    next_cursor: str | None


class AliasView(BaseModel):
    """A name for one version of a stored crew."""

    alias: str
    version: int
    moved_at: datetime
    moved_by: str | None


class AliasList(BaseModel):
    """All aliases of one stored crew, by name."""

    aliases: list[AliasView]


class SecretView(BaseModel):
    """A secret of the group; its value is never answered. `set_by` is null when it was not set here. `crews` are the
    stored crews that use it, by their latest versions; the answer to setting one names none."""

    name: str
    set_at: datetime
    set_by: str | None
    crews: list[str]


class SecretList(BaseModel):
    """The secrets of the group, by name."""

    secrets: list[SecretView]


class SubmittedExecution(BaseModel):
    """The answer to a submission. `replayed` tells that an earlier request with the same key made this execution."""

    execution_id: str
    status: Status
    replayed: bool = False


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
    source: str = Field(description="What started it: `api`, `mcp`, `rerun`, `batch`, or the kind of a trigger.")
    triggered_by: list[str] = Field(description="The triggers behind it; the last one started it.")
    submitted_by: str | None
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    deadline: datetime
    limits: Limits
    progress: Progress
    usage: Usage
    cost: CostSummary = Field(description="Until now, as far as the record tells; `GET …/cost` has its parts.")
    error: ExecutionError | None
    attempt: int
    cancel_requested_at: datetime | None
    cancel_receipt: CancelReceiptView | None
    waiting: WaitingView | None
    queue_position: int | None = Field(description="Where it waits for one of the group's slots: its place, 1 is next.")
    crew: CrewVersion | None = Field(description="The stored crew it was made from.")
    webhooks: list[str] = Field(description="The webhooks of the group that its submission named.")
    batch: BatchPlace | None = Field(description="The batch whose row it runs, the row, and the round of the batch.")
    rerun_of: str | None = Field(description="The execution this one repeats.")
    rerun_from: str | None = Field(description="The crew task a rerun began with; the outputs before it were kept.")
    proof: dict[str, AttemptProof] | None = Field(
        description="By attempt, the hashes that its last trace event and journal entry have: see `stepcrew verify`."
    )
    debug: bool = Field(description="Whether its log has everything.")
    traceparent: str | None = Field(description="The caller's W3C trace context, of which the execution is a part.")
    reruns: list[str] = Field(description="The executions that repeat this one, oldest first.")
    traces: TraceCounts


class DeletionReceipt(BaseModel):
    """What was removed of an execution."""

    execution_id: str
    removed: dict[str, int] = Field(description="How many of which kind, as `trace_events`.")


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

    def in_short(self) -> str:
        """Its beginning and its address, where nothing but a text can be told."""
        return f"{self.preview}… (whole: {self.url})"


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
    kept_from: str | None = Field(description="The execution that a rerun kept it from; `attempt` is 0 then.")
    edited: bool = Field(description="Whether a person wrote it, for a rerun.")


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
