"""CrewAI's declarative flows (`crewai.flow/v1`): methods that start, listen and route, and what each of them does.

What would run code or read files of the platform is refused. `model`, `approval`, `effects` and `on_unknown_effect` are
the platform's own fields: what a crew says of them, a flow says for all of its crews.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from stepcrew.domain.definition import AgentDefinition, CrewDefinition, TaskDefinition
from stepcrew.domain.part import PLATFORM_CODE, Model, Name, Text
from stepcrew.domain.project import ProjectOutline

METHOD_NAME = r"^[A-Za-z_][A-Za-z0-9_]{0,99}$"
MOST_METHODS = 50
MOST_STEPS = 20
OF_THE_FLOW = ("approval", "effects", "on_unknown_effect")
"""Fields of a crew that a flow has for all of its crews."""
_READ = re.compile(r"\bstate\.([A-Za-z_]\w*)")
_ASKED_FOR = re.compile(r"\bhas\(\s*state\.([A-Za-z_]\w*)")

MethodName = Annotated[str, StringConstraints(pattern=METHOD_NAME)]
Values = dict[str, JsonValue]


class FlowModel(BaseModel):
    """A part of a flow. Unknown fields are faults; `REFUSED` are those that CrewAI has and nobody may set."""

    REFUSED: ClassVar[Mapping[str, str]] = {}
    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_refused(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        entries = cast("dict[str, Any]", value)
        for name, why in cls.REFUSED.items():
            if entries.get(name) not in (None, False, "", [], {}):
                raise ValueError(f"{name} cannot be set: {why}")
        return {name: entry for name, entry in entries.items() if name not in cls.REFUSED}


class ExpressionStep(FlowModel):
    call: Literal["expression"]
    expr: str


class ToolStep(FlowModel):
    call: Literal["tool"]
    ref: Name
    with_: Values | None = Field(None, alias="with")


class CrewStep(FlowModel):
    REFUSED = {"from_declaration": "a flow has its crews inline, under with; stepcrew run puts a crew's file there"}

    call: Literal["crew"]
    with_: Values = Field(alias="with")
    inputs: Values | None = None

    @property
    def given(self) -> Values:
        """Templates of the crew's inputs."""
        own = self.with_.get("inputs")
        return {**(own if isinstance(own, dict) else {}), **(self.inputs or {})}


class AgentStep(FlowModel):
    call: Literal["agent"]
    with_: Values = Field(alias="with")


Step = Annotated[ExpressionStep | ToolStep | CrewStep | AgentStep, Field(discriminator="call")]


class NamedStep(FlowModel):
    name: MethodName
    if_: str | None = Field(None, alias="if")
    action: Step


class EachStep(FlowModel):
    call: Literal["each"]
    in_: str = Field(alias="in")
    do: list[NamedStep] = Field(min_length=1, max_length=MOST_STEPS)


class Feedback(FlowModel):
    """A person's word on what a method made; with `emit`, it chooses the way."""

    REFUSED = {"provider": PLATFORM_CODE, "learn": "what people say is not learned from"}

    message: Text
    emit: list[Name] | None = Field(None, min_length=1, max_length=20)
    llm: Model | None = None
    default_outcome: Name | None = None
    metadata: Values | None = None
    learn_source: str | None = None
    learn_strict: bool = False


class Persist(FlowModel):
    """Whether the state is kept after each method, for a later execution of the same stored crew that is given the
    `id`. A method's own goes before the flow's."""

    REFUSED = {"persistence": "the platform keeps the states of flows"}

    enabled: bool = False
    verbose: bool = False


class FlowMethod(FlowModel):
    description: str | None = None
    do: Annotated[ExpressionStep | ToolStep | CrewStep | AgentStep | EachStep, Field(discriminator="call")]
    start: bool | str | dict[str, Any] | None = None
    listen: str | dict[str, Any] | None = None
    router: bool = False
    emit: list[Name] | None = Field(None, max_length=50)
    human_feedback: Feedback | None = None
    persist: Persist | None = None

    @property
    def outcomes(self) -> list[str]:
        """What it may emit beside its own name."""
        return (self.human_feedback and self.human_feedback.emit) or self.emit or []


class State(FlowModel):
    REFUSED = {"ref": PLATFORM_CODE}

    type: Literal["dict", "json_schema", "pydantic"] = "dict"
    json_schema: Values | None = None
    default: Values | None = None

    @property
    def names(self) -> list[str]:
        """The values that it may begin with."""
        declared = (self.json_schema or {}).get("properties")
        return [*dict.fromkeys([*(declared if isinstance(declared, dict) else {}), *(self.default or {})])]


class FlowSettings(FlowModel):
    REFUSED = {
        "tracing": "the platform traces by itself and sends nothing elsewhere",
        "memory": "agents and crews of the flow have memory of their own",
        "input_provider": PLATFORM_CODE,
        "suppress_flow_events": "the trace tells every method",
        "defer_trace_finalization": "the platform traces by itself",
        "checkpoint": "checkpoints are made by the platform",
    }

    stream: bool = False
    max_method_calls: int = Field(default=100, ge=1, le=1_000)


class FlowDefinition(FlowModel):
    REFUSED = {"conversational": "there is no chat with a running crew"}

    schema_: Literal["crewai.flow/v1"] = Field(alias="schema")
    name: Name
    description: str | None = None
    state: State = State()
    config: FlowSettings = FlowSettings()
    methods: dict[MethodName, FlowMethod] = Field(min_length=1, max_length=MOST_METHODS)
    model: Model | None = None
    approval: Values | None = None
    effects: list[Name] = Field(default_factory=list[str], max_length=50)
    on_unknown_effect: Literal["ask", "fail", "repeat"] = "ask"
    persist: Persist | None = None

    @property
    def read(self) -> set[str]:
        """The values of its state that its expressions read without asking whether they are there."""
        text = json.dumps({name: one.do.model_dump(mode="json") for name, one in self.methods.items()})
        return set(_READ.findall(text)) - set(_ASKED_FOR.findall(text)) - {"id"}

    @property
    def inputs(self) -> list[str]:
        """What it may be given."""
        return sorted({*self.state.names, *self.read})

    @property
    def needs(self) -> set[str]:
        """What it must be given: nothing in the state has it, and expressions or the state's schema ask for it."""
        required = (self.state.json_schema or {}).get("required")
        asked = {str(name) for name in required} if isinstance(required, list) else set[str]()
        return (asked | self.read - set(self.state.names)) - set(self.state.default or {})

    def missing(self, inputs: Mapping[str, Any]) -> list[str]:
        """The values that it needs and nobody gives. One that goes on with a kept state may have them from there."""
        goes_on = self.persist is not None and self.persist.enabled and "id" in inputs
        return [] if goes_on else sorted(self.needs - set(inputs))


def is_flow(config: Mapping[str, Any]) -> bool:
    return str(config.get("schema", "")).startswith("crewai.flow/")


class FlowCrew(NamedTuple):
    """What one step runs, as a crew of ours: of an agent or a tool, one that holds it alone. `key` names the step, and
    `path` is where it stands in the flow."""

    key: str
    path: tuple[str, ...]
    step: CrewStep | AgentStep | ToolStep
    crew: dict[str, Any]

    def place(self, pointer: str) -> str:
        """Where a part of the crew stands, of which `pointer` tells the place in the crew."""
        root, inside = "/config/methods/" + "/".join(self.path), pointer.removeprefix("/config")
        if isinstance(self.step, CrewStep):
            return f"{root}/with{inside}"
        own = inside.removeprefix(f"/agents/{self.key}")
        if isinstance(self.step, ToolStep) or own == inside:
            return f"{root}/ref" if isinstance(self.step, ToolStep) else f"{root}/with"
        return f"{root}/with{own}"


def steps_of(flow: FlowDefinition) -> Iterator[tuple[str, tuple[str, ...], Any]]:
    """Every step that is no `each` itself: its key, its path, and what it does."""
    for name, method in flow.methods.items():
        if isinstance(method.do, EachStep):
            for index, inner in enumerate(method.do.do):
                yield f"{name}.{inner.name}", (name, "do", "do", str(index), "action"), inner.action
        else:
            yield name, (name, "do"), method.do


def crews_of(flow: FlowDefinition) -> Iterator[FlowCrew]:
    """What the flow runs."""
    for key, path, step in steps_of(flow):
        if isinstance(step, CrewStep):
            crew = {name: value for name, value in step.with_.items() if name != "inputs"}
        elif isinstance(step, AgentStep):
            settings = step.with_.get("settings")
            own = {name: value for name, value in step.with_.items() if name not in ("settings", "input")}
            crew = _alone(key, {**own, **(settings if isinstance(settings, dict) else {})})
        elif isinstance(step, ToolStep):
            crew = _alone(key, {"role": key, "goal": "-", "backstory": "-", "tools": [step.ref]})
        else:
            continue
        if flow.model and not crew.get("model"):
            crew["model"] = flow.model.model_dump(mode="json", exclude_unset=True)
        yield FlowCrew(key, path, step, {"name": key, **crew})


def _alone(key: str, agent: Values) -> dict[str, Any]:
    task = {"name": key, "description": "-", "expected_output": "-", "agent": key}
    return {"agents": {key: agent}, "tasks": [task]}


def with_own_tasks(key: str, crew: CrewDefinition) -> CrewDefinition:
    """The crew of a step, whose tasks are told from those of the flow's other crews by the step's name."""
    tasks = [
        task.model_copy(
            update={
                "name": f"{key}.{task.name}",
                **({"context": [f"{key}.{name}" for name in task.context]} if task.context is not None else {}),
            }
        )
        for task in crew.tasks
    ]
    return crew.model_copy(update={"tasks": tasks})


def outline_of(
    flow: FlowDefinition, crews: Iterable[tuple[FlowCrew, CrewDefinition]], rules: CrewDefinition
) -> ProjectOutline:
    """All agents and tasks of a flow as one crew, from which is told what it needs: nothing is built from it. `rules`
    has the fields of the whole flow."""
    agents: dict[str, AgentDefinition] = {}
    tasks: list[TaskDefinition] = []
    for step, crew in crews:
        key = step.key
        is_crew = isinstance(step.step, CrewStep)
        for name, agent in crew.agents.items():
            update = {"llm": agent.llm or crew.model}
            agents[f"{key}.{name}" if is_crew else key] = agent.model_copy(update=update)
        for task in with_own_tasks(key, crew).tasks if is_crew else ():
            tasks.append(task.model_copy(update={"agent": f"{key}.{task.agent}" if task.agent else None}))
    fields = {name: getattr(rules, name) for name in ("model", *OF_THE_FLOW) if name in rules.model_fields_set}
    return ProjectOutline(name=flow.name).model_copy(update={**fields, "agents": agents, "tasks": tasks})
