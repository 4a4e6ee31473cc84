"""What the command line reads of the API's answers. Unknown fields are ignored, so that an older client goes on."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, JsonValue

from stepcrew_cli.cost_wire import CostSummary

TERMINAL = frozenset({"COMPLETED", "FAILED", "CANCELLED"})


class Fault(BaseModel):
    pointer: str
    code: str = ""
    detail: str
    remedy: str = ""
    line: int | None = None


class Problem(BaseModel):
    """RFC 9457 problem document."""

    title: str = ""
    status: int = 0
    detail: str = ""
    category: str = ""
    retryable: bool | None = None
    remedy: str = ""
    errors: list[Fault] = []
    request_id: str | None = None


class DemoTokenAnswer(BaseModel):
    access_token: str


class Me(BaseModel):
    """The caller, as the server reads the token. `role` is the one in `group_id`."""

    subject: str
    email: str | None = None
    group_id: str
    groups: list[str] = []
    role: str = ""


class ExecutionError(BaseModel):
    category: str = ""
    type: str = ""
    message: str = ""
    remedy: str = ""
    task: str | None = None


class Usage(BaseModel):
    model_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cost_usd: float | None = None
    cost_note: str | None = None


class Progress(BaseModel):
    tasks_done: int = 0
    tasks_total: int = 0
    current_task: str | None = None
    current_agent: str | None = None


class TraceCounts(BaseModel):
    emitted: int | None = None
    recorded: int = 0
    complete: bool = False


class Waiting(BaseModel):
    """The approval of this number is what a WAITING execution waits for."""

    number: int
    kind: str = ""
    task_name: str | None = None
    since: datetime
    expires_at: datetime


class CancelReceipt(BaseModel):
    """What came after a cancel request; null where the runner died before it could say."""

    requested_at: datetime
    observed_at: datetime
    model_calls: int | None = None
    abandoned_calls: int | None = None
    total_tokens: int | None = None
    cost_usd: float | None = None


class Execution(BaseModel):
    execution_id: str
    name: str = ""
    status: str
    message: str = ""
    process: str = ""
    model: str | None = None
    created_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    progress: Progress = Progress()
    usage: Usage = Usage()
    cost: CostSummary | None = None
    error: ExecutionError | None = None
    attempt: int = 0
    cancel_requested_at: datetime | None = None
    cancel_receipt: CancelReceipt | None = None
    waiting: Waiting | None = None
    queue_position: int | None = None
    traces: TraceCounts = TraceCounts()

    @property
    def ended(self) -> bool:
        return self.status in TERMINAL


class ExecutionList(BaseModel):
    executions: list[Execution] = []
    next_cursor: str | None = None


class Submitted(BaseModel):
    """`replayed` tells that an earlier request with the same key made the execution."""

    execution_id: str
    replayed: bool = False


class BodyReference(BaseModel):
    url: str
    bytes: int = 0
    content_type: str = "application/json"
    preview: str = ""


class Decision(BaseModel):
    kind: str
    comment: str | None = None
    decided_by: str | None = None
    decided_at: datetime


class ToolCall(BaseModel):
    tool_name: str
    arguments: dict[str, JsonValue] = {}


class Approval(BaseModel):
    """A question to people; open while there is neither a decision nor a withdrawal."""

    approval_id: str
    execution_id: str
    number: int
    kind: str
    execution_name: str = ""
    question: str
    task_name: str | None = None
    output: str | None = None
    output_reference: BodyReference | None = None
    tools: list[ToolCall] = []
    deciders: list[str] = []
    may_decide: bool = False
    on_timeout: str = ""
    requested_at: datetime
    expires_at: datetime
    decision: Decision | None = None
    withdrawn_at: datetime | None = None


class ApprovalList(BaseModel):
    approvals: list[Approval] = []
    next_cursor: str | None = None


class StoredCrew(BaseModel):
    name: str
    version: int
    tasks: int = 0
    agents: int = 0
    updated_at: datetime | None = None
    updated_by: str | None = None


class StoredCrewDocument(BaseModel):
    """A stored crew whole: what its texts ask for, and its default inputs."""

    placeholders: list[str] = []
    inputs: dict[str, JsonValue] = {}


class StoredCrewList(BaseModel):
    crews: list[StoredCrew] = []
    next_cursor: str | None = None


class Secret(BaseModel):
    name: str
    set_at: datetime | None = None
    set_by: str | None = None
    crews: list[str] = []


class SecretList(BaseModel):
    secrets: list[Secret] = []


class Open(BaseModel):
    """Keeps unknown fields, so that --json prints them too."""

    model_config = ConfigDict(extra="allow")


class TraceEvent(Open):
    id: str
    attempt: int
    sequence: int
    emitted_at: datetime
    event_type: str
    kind: str
    phase: str
    failed: bool
    pairs_with: str | None = None
    event_source: str
    event_context: str = ""
    task_id: str | None = None
    task_name: str | None = None
    agent_role: str | None = None
    parent_sequence: int | None = None
    duration_ms: float | None = None
    output: JsonValue = None
    output_reference: BodyReference | None = None
    extra_data: dict[str, JsonValue] = {}


class Gap(BaseModel):
    attempt: int
    first: int
    last: int | None = None


class TracePage(BaseModel):
    events: list[TraceEvent] = []
    cursor: str
    more: bool = False
    complete: bool = False
    gaps: list[Gap] = []
    status: str


class TaskOutput(BaseModel):
    index: int = 0
    name: str
    agent_role: str | None = None
    state: str = "completed"
    raw: str | None = None
    raw_reference: BodyReference | None = None
    json_dict: dict[str, JsonValue] | None = None


class Artifact(BaseModel):
    name: str


class ArtifactList(BaseModel):
    artifacts: list[Artifact] = []


class Result(BaseModel):
    execution_id: str
    status: str
    final: bool = False
    output: str | None = None
    output_reference: BodyReference | None = None
    json_dict: dict[str, JsonValue] | None = None
    tasks: list[TaskOutput] = []
    usage: Usage = Usage()
    error: ExecutionError | None = None


class LogLine(Open):
    attempt: int = 1
    emitted_at: datetime
    level: str = "INFO"
    logger: str = ""
    message: str = ""


class LogPage(BaseModel):
    lines: list[LogLine] = []
    cursor: str
    more: bool = False
