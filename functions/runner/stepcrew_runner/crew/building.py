"""From a checked definition to CrewAI's objects. Fields are passed on by name: what is not named here stays unset."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

from crewai import Agent, Process
from crewai.agent.planning_config import PlanningConfig
from crewai.knowledge.knowledge_config import KnowledgeConfig
from crewai.mcp import MCPServerHTTP
from crewai.mcp.filters import create_static_tool_filter
from crewai.tools import BaseTool
from crewai.utilities.string_utils import interpolate_only

from stepcrew.domain.definition import AgentDefinition, CrewDefinition, McpServer, SecretReference, TaskDefinition
from stepcrew.domain.mcp_servers import address_fault
from stepcrew.domain.submission import Submission
from stepcrew.domain.tools import FILE_READ
from stepcrew.services.tool_ports import ToolFunctions
from stepcrew_runner.crew import mcp_on_311
from stepcrew_runner.crew.executor import BoundedExecutor
from stepcrew_runner.crew.files import FileReadTool
from stepcrew_runner.crew.knowing import make_knowledge
from stepcrew_runner.crew.parts import CrewParts
from stepcrew_runner.crew.remembering import make_memories
from stepcrew_runner.crew.seams import PlatformCrew
from stepcrew_runner.crew.searching import search_tools
from stepcrew_runner.crew.tasks import ReplayableConditionalTask, ReplayableTask
from stepcrew_runner.crew.tools import ToolMaker, ToolNotUsable, read_page

_AGENT_FIELDS = (
    *("max_iter", "max_rpm", "max_execution_time", "max_retry_limit", "allow_delegation", "cache"),
    *("guardrail", "guardrail_max_retries", "use_system_prompt", "system_template", "prompt_template"),
    *("response_template", "inject_date", "date_format", "tool_failure_policy"),
)
_TASK_FIELDS = (
    *("async_execution", "human_input", "output_json", "output_pydantic", "response_model", "markdown", "guardrail"),
    *("guardrail_max_retries", "tool_failure_policy"),
)
MOST_PLANS = 3
"""How often an agent may refine its plan when its definition does not say."""
_CREW_FIELDS = ("name", "planning", "max_rpm", "cache", "tool_failure_policy")


class BuiltCrew(NamedTuple):
    """What can be kicked off. `tasks` are those of the definition, in its order; a project tells its tasks when they
    start. With a `result_name`, what the kickoff answers is kept under it, as the last output."""

    kickoff: Callable[[], Coroutine[Any, Any, Any]]
    tasks: list[ReplayableTask]
    result_name: str = ""


class Builder(Protocol):
    """Makes what one attempt runs. `build` is called in the crew's own thread."""

    @property
    def definition(self) -> CrewDefinition: ...
    def build(self) -> BuiltCrew: ...


class GivenSecrets(NamedTuple):
    """The secrets a crew may use, by name. A tool's key may be one the operator lends; what goes into a header of a
    server that a definition names is the group's alone: a definition must not be able to send a key of the operator
    anywhere."""

    of_tools: Mapping[str, str]
    of_servers: Mapping[str, str]


class CrewBuilder:
    """Builds one crew for one attempt."""

    def __init__(
        self, submission: Submission, parts: CrewParts, secrets: GivenSecrets, functions: ToolFunctions
    ) -> None:
        self._crew = submission.definition
        self._inputs: dict[str, Any] = dict(submission.inputs)
        self._models = parts.models
        self._files = parts.files
        self._shown = parts.shown
        self._memories = make_memories(self._crew, parts)
        self._knowledge = make_knowledge(self._crew, parts)
        self._secrets = secrets
        of_crew = {FILE_READ: self._reads_files, **search_tools(self._crew, parts, read_page)}
        self._tool_maker = ToolMaker(secrets.of_tools, submission.tools, functions, of_crew)

    def build(self) -> BuiltCrew:
        """Raises `ModelNotAvailable`, `ToolNotUsable`, or pydantic's ValidationError for what CrewAI itself refuses."""
        definition = self._crew
        agents = {name: self.agent(name) for name in definition.agents}
        tasks: list[ReplayableTask] = []
        for task in definition.tasks:
            tasks.append(self._task(task, agents, {done.name or "": done for done in tasks}))
        arguments = _given(definition, _CREW_FIELDS)
        if definition.planning:
            arguments["planning_llm"] = self._models.make(definition.planning_llm or definition.model)
        if definition.function_calling_llm:
            arguments["function_calling_llm"] = self._models.make(definition.function_calling_llm)
        if definition.process == "hierarchical":
            arguments["process"] = Process.hierarchical
            if definition.manager_agent:
                arguments["manager_agent"] = agents.pop(definition.manager_agent)
            else:
                arguments["manager_llm"] = self._models.make(definition.manager_llm or definition.model)
        arguments["memory"] = self._memories.get(None) or False
        arguments["knowledge"] = self._knowledge.get(None)
        crew = PlatformCrew(agents=list(agents.values()), tasks=list(tasks), verbose=False, **arguments)
        untyped: Any = crew
        shown = {**self.pictures(), **self._shown.named(definition.input_files, self._inputs)}
        return BuiltCrew(lambda: untyped.akickoff(input_files=shown or None), tasks)

    @property
    def definition(self) -> CrewDefinition:
        return self._crew

    def _text(self, text: str) -> str:
        return interpolate_only(input_string=text, inputs=self._inputs) if self._inputs else text

    def _trigger_text(self, task: TaskDefinition, *, is_first: bool) -> str:
        """CrewAI's own convention; the inputs are already in the texts when its crew starts."""
        payload, wanted = self._inputs.get("crewai_trigger_payload"), task.allow_crewai_trigger_context
        takes = is_first if wanted is None else wanted
        return f"\n\nTrigger Payload: {payload}" if payload and takes else ""

    def tool(self, name: str) -> BaseTool:
        """Raises `ToolNotUsable`."""
        return self._tool_maker.make(name)

    def pictures(self) -> dict[str, Any]:
        """Those among the inputs of the execution, for CrewAI to show."""
        return self._shown.pictures()

    def agent(self, name: str) -> Agent:
        """One of its agents, made anew."""
        agent = self._crew.agents[name]
        arguments = _given(agent, _AGENT_FIELDS)
        if memory := self._memories.get(name):
            arguments["memory"] = memory
        if knowledge := self._knowledge.get(name):
            arguments["knowledge"] = knowledge
        if agent.knowledge_config:
            arguments["knowledge_config"] = KnowledgeConfig(**agent.knowledge_config.model_dump())
        if agent.function_calling_llm:
            arguments["function_calling_llm"] = self._models.make(agent.function_calling_llm)
        planning = self._planning(agent)
        if planning:
            arguments["planning_config"] = planning
        return Agent(
            role=self._text(agent.role),
            goal=self._text(agent.goal),
            backstory=self._text(agent.backstory),
            llm=self._models.make(agent.llm or self._crew.model, max_tokens=agent.max_tokens, sees=agent.multimodal),
            tools=self._tools(agent.tools),
            mcps=[self._server(server) for server in agent.mcps] or None,
            respect_context_window=agent.respect_context_window,
            # It adds requests of its own after tool calls, which nobody asked for and somebody pays.
            use_better_compaction=bool(agent.use_better_compaction),
            executor_class=BoundedExecutor,
            verbose=False,
            **arguments,
        )

    def _tools(self, names: Iterable[str]) -> list[BaseTool]:
        return [self.tool(name) for name in names]

    def _reads_files(self) -> FileReadTool:
        return FileReadTool(names=self._crew.files, read=self._files.text)

    def _planning(self, agent: AgentDefinition) -> PlanningConfig | None:
        config = agent.planning_config
        if config is None and not (agent.planning or agent.reasoning or self._crew.reasoning):
            return None
        arguments = config.model_dump(exclude={"llm"}, exclude_unset=True) if config else {}
        if agent.max_reasoning_attempts:
            arguments.setdefault("max_attempts", agent.max_reasoning_attempts)
        # CrewAI asks a model that never calls its plan ready for ever, and takes an abort for one more "not ready".
        arguments.setdefault("max_attempts", MOST_PLANS)
        if config and config.llm:
            arguments["llm"] = self._models.make(config.llm)
        return PlanningConfig(**arguments)

    def _server(self, server: McpServer) -> MCPServerHTTP:
        fault = address_fault(server)
        if fault:
            raise ToolNotUsable(fault)
        mcp_on_311.patch()
        only = {"tool_filter": create_static_tool_filter([server.tool])} if server.tool else {}
        headers = {name: self._header(value) for name, value in server.headers.items()}
        return MCPServerHTTP(
            url=server.url,
            headers=headers or None,
            streamable=server.streamable,
            # CrewAI's cache is one for the whole process, by address: another group would be shown its contents.
            cache_tools_list=False,
            **only,
        )

    def _header(self, value: str | SecretReference) -> str:
        if isinstance(value, str):
            return value
        secret = self._secrets.of_servers.get(value.secret)
        if secret is None:
            raise ToolNotUsable(f"An MCP server needs the secret {value.secret}, which your group has not stored.")
        return secret

    def _task(
        self, task: TaskDefinition, agents: Mapping[str, Agent], before: Mapping[str, ReplayableTask]
    ) -> ReplayableTask:
        arguments = _given(task, _TASK_FIELDS)
        if task.guardrails:
            arguments["guardrails"] = list(task.guardrails)
        if task.context is not None:
            arguments["context"] = [before[name] for name in task.context]
        if task.agent is not None:
            # An agent can execute one task at a time; a task that overlaps others gets an agent object of its own.
            shared = agents[task.agent]
            arguments["agent"] = self.agent(task.agent) if task.async_execution else shared
        arguments |= {
            "name": task.name,
            "description": self._text(task.description) + self._trigger_text(task, is_first=not before),
            "expected_output": self._text(task.expected_output),
            "tools": self._tools(task.tools),
            "input_files": self._shown.named(task.input_files, self._inputs),
        }
        if task.condition:
            conditional = ReplayableConditionalTask(**arguments)
            conditional.runs_when(task.condition)
            return conditional
        return ReplayableTask(**arguments)


def _given(part: Any, fields: tuple[str, ...]) -> dict[str, Any]:
    return {field: value for field in fields if (value := getattr(part, field)) is not None}
