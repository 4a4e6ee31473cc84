"""The crew definition: every field of CrewAI's agents, tasks and crews that is safe where many groups share one runner.

`REFUSED` on each part names the fields no user may set and why; an empty value (null, false, "", [], {}) of such a
field asks for nothing and is dropped. Checking a document and naming its faults is in `parsing` and `references`.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, JsonValue, StringConstraints, model_validator

from stepcrew.domain.knowledge_settings import KnowledgeSettings, KnowledgeSource
from stepcrew.domain.memory_settings import MEMORY_BACKEND, Embedder, Memory
from stepcrew.domain.part import MAX_NAME as MAX_NAME
from stepcrew.domain.part import MAX_TEXT as MAX_TEXT
from stepcrew.domain.part import PLATFORM_CODE, Model, Name, OptionalText, Part, Text
from stepcrew.domain.part import ModelSettings as ModelSettings
from stepcrew.domain.secret_names import SecretName

MAX_AGENTS = 50
MAX_TASKS = 200
MAX_WAIT_SECONDS = 364 * 24 * 3600
"""A state machine execution lives a year at most (Step Functions quotas)."""

JsonSchema = dict[str, JsonValue]
Retries = Annotated[int, Field(ge=0, le=5)]


Sources = Annotated[list[KnowledgeSource], Field(max_length=50)]
InputFiles = Annotated[dict[Name, Name], Field(max_length=20)]


def _switch(value: object) -> object:
    """CrewAI's older releases had levels of verbosity, and projects still say `verbose: 2`."""
    return value > 0 if isinstance(value, int) else value


Verbose = Annotated[bool, BeforeValidator(_switch, json_schema_input_type=bool | int)]

_PLATFORM_FILES = "it would read or write files of the platform"
_KNOWLEDGE = "write knowledge_sources: what they hold is kept by the platform"
_OPERATOR = "it is set by the operator"


class SecretReference(Part):
    """The name of a secret of the group; its value is read inside the runner and never stored or traced."""

    secret: SecretName


class McpServer(Part):
    """An MCP server over HTTP. `tool` restricts it to one tool of the server."""

    REFUSED: ClassVar[dict[str, str]] = {"command": PLATFORM_CODE, "args": PLATFORM_CODE, "env": PLATFORM_CODE}

    url: Annotated[str, StringConstraints(min_length=1, max_length=2000)]
    tool: Name | None = None
    headers: dict[str, str | SecretReference] = Field(default_factory=dict[str, str | SecretReference], max_length=20)
    streamable: bool = True
    cache_tools_list: bool = False


def _server(value: object) -> object:
    if not isinstance(value, str):
        return value
    url, _, tool = value.partition("#")
    return {"url": url, "tool": tool or None}


Mcp = Annotated[McpServer, BeforeValidator(_server, json_schema_input_type=str | McpServer)]


class PlanningConfig(Part):
    """An agent's own planning before a task."""

    REFUSED: ClassVar[dict[str, str]] = {"system_prompt": "", "plan_prompt": "", "refine_prompt": ""}

    reasoning_effort: Literal["low", "medium", "high"] = "medium"
    observe_steps: bool | None = None
    max_attempts: int | None = Field(default=None, ge=1, le=10)
    max_steps: int = Field(default=20, ge=1, le=50)
    max_replans: int = Field(default=3, ge=0, le=10)
    max_step_iterations: int = Field(default=15, ge=1, le=50)
    step_timeout: int | None = Field(default=None, ge=1, le=3600)
    llm: Model | None = None


ToolFailurePolicy = Literal["ignore", "warn", "fail"]


class AgentDefinition(Part):
    """CrewAI's agent. `{name}` in role, goal and backstory is replaced by the input of that name."""

    REFUSED: ClassVar[dict[str, str]] = {
        "config": "write the fields themselves",
        "knowledge": _KNOWLEDGE,
        "knowledge_storage": _KNOWLEDGE,
        "embedder": "write it at the crew, or in memory",
        "allow_code_execution": PLATFORM_CODE,
        "step_callback": PLATFORM_CODE,
        "callbacks": PLATFORM_CODE,
        "executor_class": PLATFORM_CODE,
        "cache_handler": PLATFORM_CODE,
        "type": PLATFORM_CODE,
        "from_repository": "agent repositories need an account of their own",
        "apps": "platform apps need an account of their own",
        "skills": _PLATFORM_FILES,
        "a2a": "agents of other systems are outside the address checks of the platform",
        "checkpoint": "checkpoints are made by the platform",
        "security_config": _OPERATOR,
    }

    role: Text
    goal: Text
    backstory: Text
    llm: Model | None = None
    function_calling_llm: Model | None = None
    tools: list[Name] = Field(default_factory=list[str], max_length=30)
    mcps: list[Mcp] = Field(default_factory=list[McpServer], max_length=10)
    max_iter: int = Field(default=25, ge=1, le=100)
    max_rpm: int | None = Field(default=None, ge=1)
    max_tokens: int | None = Field(default=None, ge=1, le=200_000)
    max_execution_time: int | None = Field(default=None, ge=1)
    max_retry_limit: Retries = 2
    verbose: Verbose = False
    allow_delegation: bool = False
    cache: bool = True
    planning: bool = False
    planning_config: PlanningConfig | None = None
    reasoning: bool = False
    max_reasoning_attempts: int | None = Field(default=None, ge=1, le=10)
    code_execution_mode: Literal["safe"] = "safe"
    guardrail: Text | None = None
    guardrail_max_retries: Retries = 3
    respect_context_window: bool = True
    use_better_compaction: bool | None = None
    use_system_prompt: bool = True
    system_template: OptionalText | None = None
    prompt_template: OptionalText | None = None
    response_template: OptionalText | None = None
    inject_date: bool = False
    date_format: Annotated[str, StringConstraints(max_length=40)] = "%Y-%m-%d"
    tool_failure_policy: ToolFailurePolicy | None = None
    memory: Memory = None
    knowledge_sources: Sources = Field(default_factory=list[KnowledgeSource])
    knowledge_config: KnowledgeSettings | None = None
    multimodal: bool = False


class Condition(Part):
    """When a conditional task runs, judged on the output of the task before it. Exactly one test is set; `field` reads
    a key of that task's structured output instead of its text."""

    field: Name | None = None
    contains: str | None = None
    not_contains: str | None = None
    equals: str | int | float | bool | None = None
    greater_than: float | None = None
    less_than: float | None = None
    longer_than: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _one_test(self) -> Condition:
        tests = self.model_fields_set - {"field"}
        if len(tests) != 1:
            raise ValueError("set exactly one of contains, not_contains, equals, greater_than, less_than, longer_than")
        return self


def _below(value: object) -> object:
    parts = value.split("/") if isinstance(value, str) else []
    if any(part in ("", ".", "..") or "\\" in part for part in parts) and value:
        raise ValueError("write a file's name, with folders before it or without: out/report.md")
    return value or None


OutputFile = Annotated[Name | None, BeforeValidator(_below, json_schema_input_type=str | None)]


class TaskDefinition(Part):
    """CrewAI's task. `context` lists the tasks whose outputs it sees: absent means all before it, [] means none. An
    asynchronous task (`async_execution`) that lists none sees none, as CrewAI starts it without any output."""

    REFUSED: ClassVar[dict[str, str]] = {
        "config": "write the fields themselves",
        "callback": PLATFORM_CODE,
        "converter_cls": PLATFORM_CODE,
        "type": PLATFORM_CODE,
        "security_config": _OPERATOR,
        "id": "ids are given by the platform",
    }

    name: Name
    description: Text
    expected_output: OptionalText
    agent: Name | None = None
    context: Annotated[list[Name], Field(max_length=MAX_TASKS)] | None = None
    tools: list[Name] = Field(default_factory=list[str], max_length=30)
    async_execution: bool = False
    human_input: bool = False
    condition: Condition | None = None
    output_json: JsonSchema | None = None
    output_pydantic: JsonSchema | None = None
    response_model: JsonSchema | None = None
    markdown: bool = False
    create_directory: bool = True
    output_file: OutputFile = None
    input_files: InputFiles = Field(default_factory=dict[str, str])
    guardrail: Text | None = None
    guardrails: list[Text] = Field(default_factory=list[str], max_length=10)
    guardrail_max_retries: Retries = 3
    tool_failure_policy: ToolFailurePolicy | None = None
    allow_crewai_trigger_context: bool | None = None

    @property
    def sees(self) -> list[str] | None:
        """The names of the tasks whose outputs it gets; None for all before it. Source: `last_sync_output` in
        `_aexecute_tasks` of crewai/crew.py, which nothing sets but a replay."""
        return [] if self.async_execution and self.context is None else self.context


class ApprovalRules(Part):
    """How people take part: `tools` are asked about before each call (a name here may also be one of an MCP server's
    tools), and tasks with `human_input` have their answers judged. `deciders` are e-mail addresses, letter by letter as
    their tokens have them; empty means every member and admin of the group. When nobody decides in time, `on_timeout`
    is taken."""

    tools: list[Name] = Field(default_factory=list[str], max_length=50)
    deciders: list[Name] = Field(default_factory=list[str], max_length=50)
    timeout_seconds: int = Field(default=7 * 24 * 3600, ge=1, le=MAX_WAIT_SECONDS)
    on_timeout: Literal["approve", "reject"] = "reject"


class CrewDefinition(Part):
    """What to run. `model` is the default of every agent that names none. Calls of the tools in `effects` change
    something outside: `on_unknown_effect` says what is done about one that had begun when an attempt died."""

    REFUSED: ClassVar[dict[str, str]] = {
        "memory_backend": MEMORY_BACKEND,
        "knowledge": _KNOWLEDGE,
        "config": "write the fields themselves",
        **dict.fromkeys(("output_log_file", "prompt_file", "trained_agents_file", "skills"), _PLATFORM_FILES),
        "step_callback": PLATFORM_CODE,
        "task_callback": PLATFORM_CODE,
        "before_kickoff_callbacks": PLATFORM_CODE,
        "after_kickoff_callbacks": PLATFORM_CODE,
        "share_crew": "executions are shared with nobody",
        "tracing": "the platform traces by itself and sends nothing elsewhere",
        "stream": "the trace is the stream",
        "checkpoint": "checkpoints are made by the platform",
        "security_config": _OPERATOR,
        "chat_llm": "there is no chat with a running crew",
    }

    name: Name = "crew"
    agents: dict[Name, AgentDefinition] = Field(min_length=1, max_length=MAX_AGENTS)
    tasks: list[TaskDefinition] = Field(min_length=1, max_length=MAX_TASKS)
    process: Literal["sequential", "hierarchical"] = "sequential"
    model: Model | None = None
    manager_llm: Model | None = None
    manager_agent: Name | None = None
    planning: bool = False
    planning_llm: Model | None = None
    reasoning: bool = False
    function_calling_llm: Model | None = None
    max_rpm: int | None = Field(default=None, ge=1)
    cache: bool = False
    verbose: Verbose = False
    tool_failure_policy: ToolFailurePolicy | None = None
    approval: ApprovalRules | None = None
    effects: list[Name] = Field(default_factory=list[str], max_length=50)
    on_unknown_effect: Literal["ask", "fail", "repeat"] = "ask"
    memory: Memory = None
    embedder: Embedder | None = None
    knowledge_sources: Sources = Field(default_factory=list[KnowledgeSource])
    files: list[Name] = Field(default_factory=list[str], max_length=50)
    input_files: InputFiles = Field(default_factory=dict[str, str])
