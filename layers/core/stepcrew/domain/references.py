"""What the parts of a definition say about each other: every reference is checked before anything starts."""

from __future__ import annotations

from stepcrew.domain.approval_rules import rule_faults
from stepcrew.domain.connection import connection_of
from stepcrew.domain.errors import Fault
from stepcrew.domain.json_schema import SchemaCost, cost_of, faults_of
from stepcrew.domain.mcp_servers import address_fault, header_faults
from stepcrew.domain.memory import root_of
from stepcrew.domain.models import (
    EMBEDDING_PROVIDERS,
    PROVIDERS,
    ModelRules,
    parse_embedder_name,
    parse_model_name,
)
from stepcrew.domain.own_names import NOTHING_OWN, OwnNames
from stepcrew.domain.parsing import ParsedCrew
from stepcrew.domain.parts import (
    connections_of,
    embedders_of,
    memory_uses,
    models_asked,
    texts_of,
    tool_lists,
    tools_of,
    without_own_model,
)
from stepcrew.domain.placeholders import names_in
from stepcrew.domain.places import Path
from stepcrew.domain.secrets import secret_uses, use_fault
from stepcrew.domain.shown_files import sight_faults
from stepcrew.domain.suggestions import suggest
from stepcrew.domain.text_bounds import too_long
from stepcrew.domain.tools import TOOLS, canonical_tool_name, files_for

MISSING_INPUT = "missing_input"


class Checker:
    """Adds what it finds to the faults of one parsed crew, except where a default stands for what is faulty."""

    def __init__(
        self,
        parsed: ParsedCrew,
        models: ModelRules,
        retention_days: int | None,
        own: OwnNames,
        *,
        inputs_follow: bool,
    ) -> None:
        self._crew = parsed.definition
        self._inputs = parsed.inputs
        self._places = parsed.places
        self._faults = parsed.faults
        self._unread = parsed.unread
        self._models = models
        self._retention_days = retention_days
        self._own = own
        self._inputs_follow = inputs_follow
        self._positions: dict[str, int] = {}

    def check(self) -> None:
        self._tasks()
        self._manager()
        self._order()
        self._structured_outputs()
        self._tools()
        self._mcp()
        self._secret_names()
        self._people()
        self._model_names()
        self._embedders()
        self._placeholders()

    def _add(self, path: Path, code: str, detail: str, remedy: str = "") -> None:
        if not any(path[:length] in self._unread for length in range(1, len(path) + 1)):
            self._faults.add(self._places.fault(path, code, detail, remedy))

    def _tasks(self) -> None:
        for index, task in enumerate(self._crew.tasks):
            path: Path = ("tasks", str(index))
            if self._positions.setdefault(task.name, index) != index:
                detail = f"The name {task.name!r} is used by two tasks."
                self._add((*path, "name"), "duplicate_task", detail, "Give each task a name of its own.")
            if task.agent is not None and task.agent not in self._crew.agents:
                detail = f"Task {task.name!r} names the unknown agent {task.agent!r}."
                self._add((*path, "agent"), "unknown_agent", detail, suggest(task.agent, self._crew.agents))
            elif task.agent is None and self._crew.process == "sequential":
                detail = f"Task {task.name!r} has no agent, and no manager would choose one."
                self._add((*path, "agent"), "missing_agent", detail, "Name an agent, or use process: hierarchical.")
            elif task.agent is None and (task.guardrail or task.guardrails):
                detail = f"Task {task.name!r} has a guardrail but no agent whose model would judge it."
                self._add((*path, "agent"), "missing_agent", detail, "Name an agent.")
        contexts = [set(task.context or []) for task in self._crew.tasks]
        for index, task in enumerate(self._crew.tasks):
            self._context(index, task.context or [], contexts)

    def _context(self, index: int, context: list[str], contexts: list[set[str]]) -> None:
        own = self._crew.tasks[index].name
        for position, name in enumerate(context):
            path: Path = ("tasks", str(index), "context", str(position))
            at = self._positions.get(name)
            if at is None:
                detail = f"Task {own!r} takes context from the unknown task {name!r}."
                self._add(path, "unknown_context", detail, suggest(name, self._positions))
            elif name == own or own in contexts[at]:
                detail = f"Task {own!r} and task {name!r} take context from each other."
                self._add(path, "circular_context", detail, "Break the circle.")
            elif at > index:
                detail = f"Task {own!r} takes context from {name!r}, which runs later."
                self._add(path, "later_context", detail, "Move the task behind the ones it takes context from.")

    def _manager(self) -> None:
        crew = self._crew
        if crew.manager_agent is not None:
            agent = crew.agents.get(crew.manager_agent)
            if agent is None:
                detail = f"manager_agent names the unknown agent {crew.manager_agent!r}."
                self._add(("manager_agent",), "unknown_agent", detail, suggest(crew.manager_agent, crew.agents))
            elif agent.tools or agent.mcps:
                self._add(
                    ("agents", crew.manager_agent, "tools"),
                    "manager_tools",
                    "The manager may have no tools.",
                    "Remove them.",
                )
            for index, task in enumerate(crew.tasks):
                if agent is not None and task.agent == crew.manager_agent:
                    detail = f"Task {task.name!r} is given to the manager."
                    self._add(("tasks", str(index), "agent"), "manager_task", detail, "Give it to another agent.")
            if agent is not None and len(crew.agents) == 1:
                self._add(("agents",), "no_workers", "The manager has no agent to give work to.", "Add an agent.")
        if crew.process == "sequential" and (crew.manager_agent or crew.manager_llm):
            field = "manager_agent" if crew.manager_agent else "manager_llm"
            self._add((field,), "unused_manager", f"{field} needs process: hierarchical.", "Set the process.")

    def _order(self) -> None:
        """CrewAI's own rules about conditional and asynchronous tasks."""
        tasks = self._crew.tasks
        for index, task in enumerate(tasks):
            path: Path = ("tasks", str(index))
            if task.condition and index == 0:
                self._add(
                    (*path, "condition"),
                    "first_conditional",
                    "The first task cannot be conditional.",
                    "Remove its condition.",
                )
            if task.condition and task.async_execution:
                detail = "A conditional task cannot be asynchronous."
                self._add((*path, "async_execution"), "async_conditional", detail, "Remove async_execution.")
            if task.async_execution and self._crew.process == "hierarchical":
                detail = "Tasks of a hierarchical crew cannot be asynchronous."
                self._add((*path, "async_execution"), "async_hierarchical", detail, "Remove async_execution.")
        trailing = len(tasks) - next((n for n in range(len(tasks), 0, -1) if not tasks[n - 1].async_execution), 0)
        if trailing > 1:
            last: Path = ("tasks", str(len(tasks) - 1), "async_execution")
            self._add(last, "async_end", "At most one asynchronous task may end a crew.", "Add a task that joins them.")

    def _structured_outputs(self) -> None:
        cost = SchemaCost()
        for index, task in enumerate(self._crew.tasks):
            path: Path = ("tasks", str(index))
            if task.output_json is not None and task.output_pydantic is not None:
                detail = "output_json and output_pydantic cannot be set both."
                self._add((*path, "output_pydantic"), "two_outputs", detail, "Remove one of them.")
            for field in ("output_json", "output_pydantic", "response_model"):
                schema = getattr(task, field)
                if schema is None:
                    continue
                cost = cost.plus(cost_of(schema))
                if cost.is_too_much:
                    detail = f"The schemas of the crew are too large together, from {field} of task {task.name!r} on."
                    self._add((*path, field), "json_schema", detail, "Make them smaller, or their patterns simpler.")
                    return
                for fault in faults_of(schema):
                    detail = f"{field} is no schema an output could be checked with: {fault.detail}."
                    self._add((*path, field, *fault.where), "json_schema", detail, "Correct the JSON Schema.")

    def _tools(self) -> None:
        own = self._own.tool_names() if tools_of(self._crew) - set(TOOLS) else ()
        for path, names in tool_lists(self._crew):
            for position, name in enumerate(names):
                if canonical_tool_name(name) not in TOOLS and name not in own:
                    detail = f"There is no tool {name!r} here."
                    self._add((*path, str(position)), "unknown_tool", detail, suggest(name, [*TOOLS, *own]))
                elif files_for(tool := canonical_tool_name(name), self._crew.files) == []:
                    detail = f"{tool} reads files that the crew names, and it names none that it can read."
                    self._add((*path, str(position)), "no_files", detail, "Add files: [NAME] to the crew.")

    def _mcp(self) -> None:
        for name, agent in self._crew.agents.items():
            for position, server in enumerate(agent.mcps):
                path: Path = ("agents", name, "mcps", str(position))
                if fault := address_fault(server):
                    self._add(path, "mcp_address", fault)
                for header in header_faults(server):
                    self._add((*path, "headers", header.name), header.code, header.detail, header.remedy)

    def _secret_names(self) -> None:
        for use in secret_uses(self._crew):
            if fault := use_fault(use.name):
                self._add(use.path, "secret_name", fault, "Store the secret under another name, and use that here.")

    def _people(self) -> None:
        for fault in rule_faults(self._crew, self._retention_days):
            self._add(fault.path, fault.code, fault.detail, fault.remedy)

    def _model_names(self) -> None:
        connections = dict(self._models.connections)
        if connections_of(self._crew) - set(connections):
            connections = {**self._own.connections(), **connections}
        for path, settings in models_asked(self._crew, connections):
            name = settings.model
            parsed = parse_model_name(name)
            if parsed is None and connection_of(name) not in connections:
                starts = [*sorted(set(PROVIDERS.values())), *sorted(connections)]
                remedy = f"Write provider/model, or the name of a connection: {', '.join(starts)}."
                detail = f"{name!r} is not a model of a provider we carry, nor of a connection of your group."
                self._add(path, "unknown_model", detail, remedy)
            elif parsed is not None and not self._models.allows(str(parsed)):
                detail = f"The model {parsed} is not available here."
                self._add(path, "model_not_allowed", detail, f"Available: {', '.join(self._models.allowed) or 'none'}.")
        if self._crew.model is None and not self._models.default:
            for path, who in without_own_model(self._crew):
                detail = f"{who} has no model, and neither the crew nor the operator has a default."
                self._add(path, "missing_model", detail, "Set model.")

    def _embedders(self) -> None:
        for path, embedder in embedders_of(self._crew):
            name = embedder or self._models.default_embedder
            parsed = parse_embedder_name(name)
            if not name:
                detail = "Memory and knowledge need an embedding model, and neither the crew nor the operator has one."
                self._add(path, "missing_embedder", detail, "Set embedder, as provider/model.")
            elif parsed is None:
                remedy = f"Write provider/model with one of the providers {', '.join(EMBEDDING_PROVIDERS)}."
                self._add(path, "unknown_embedder", f"{name!r} is no embedding model of a provider we carry.", remedy)
            elif name != self._models.default_embedder and not self._models.allows(str(parsed)):
                detail = f"The embedding model {parsed} is not available here."
                remedy = f"Available: {self._models.default_embedder or ', '.join(self._models.allowed) or 'none'}."
                self._add(path, "model_not_allowed", detail, remedy)
        chosen: dict[str, str] = {}
        for use in memory_uses(self._crew):
            name = use.embedder or self._models.default_embedder
            if chosen.setdefault(root_of(use.scope), name) != name:
                detail = f"The memory {root_of(use.scope)} would have vectors of two embedding models."
                self._add(
                    (*use.path, "embedder"), "two_embedders", detail, "Use one embedder for the crew and its agents."
                )

    def _placeholders(self) -> None:
        texts = list(texts_of(self._crew))
        for path, text in texts:
            for name in () if self._inputs_follow else names_in(text):
                if name not in self._inputs:
                    detail = f"The input {name!r} is used but not given."
                    self._add(path, MISSING_INPUT, detail, f"Add it to inputs, or remove {{{name}}}.")
        for path, characters, most in too_long(texts, self._inputs):
            what = f"{path[-1]} has" if path else "The texts of the crew have"
            detail = f"{what} {characters} characters once its inputs stand in it; {most} are allowed."
            self._add(path, "too_long", detail, "Shorten the text, or the inputs it names.")


def find_reference_faults(
    parsed: ParsedCrew,
    models: ModelRules,
    retention_days: int | None = None,
    own: OwnNames = NOTHING_OWN,
    *,
    inputs_follow: bool = False,
) -> None:
    """Adds every fault to those of `parsed`; with `inputs_follow`, an input that is not given is none. Raises
    `EnoughFaults` when there are too many."""
    Checker(parsed, models, retention_days, own, inputs_follow=inputs_follow).check()
    parsed.faults.add_all(sight_faults(parsed, models.default))


def told_of_request(fault: Fault, whole: str) -> Fault:
    """A fault of a crew that is not in the request's body, told by what the body has of it: the input it lacks, or the
    place `whole` that stands for the crew."""
    if not fault.pointer.startswith("/config"):
        return fault
    if fault.code == MISSING_INPUT:
        return fault.model_copy(update={"pointer": "/inputs", "remedy": "Add it to inputs.", "line": None})
    return fault.model_copy(update={"pointer": whole, "line": None})
