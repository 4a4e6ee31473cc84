"""From a checked declarative flow to CrewAI's own: it starts, listens and routes; what its methods do is built here, as
crews of definitions are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, cast

from crewai.flow.expressions import Expression
from crewai.flow.flow import Flow
from crewai.flow.flow_definition import FlowDefinition as CrewFlow
from crewai.lite_agent_output import LiteAgentOutput
from crewai.tools.tool_failure import detect_tool_failure

from stepcrew.domain.definition import CrewDefinition
from stepcrew.domain.errors import Category, StepcrewError
from stepcrew.domain.faults import Faults
from stepcrew.domain.flow import AgentStep, CrewStep, EachStep, FlowDefinition, ToolStep, crews_of, with_own_tasks
from stepcrew.domain.parsing import read_crew
from stepcrew.domain.submission import Submission
from stepcrew.services.tool_ports import ToolFunctions
from stepcrew_runner.crew.building import BuiltCrew, CrewBuilder, GivenSecrets
from stepcrew_runner.crew.flow_seams import PlainFlow
from stepcrew_runner.crew.parts import CrewParts
from stepcrew_runner.gate.scope import task_scope

Local = dict[str, Any]
"""Within `each`: the item, and the outputs of the steps before."""
Step = Callable[[Local], Awaitable[Any]]
_ROUTED = {"start", "listen", "router", "emit", "persist"}
_NOTHING = {"call": "expression", "expr": "null"}


class StepFailed(StepcrewError):
    """A step of a flow came to something that the flow did not foresee."""

    category = Category.CREW
    remedy = "Correct the expression, or what it reads."


class FlowBuilder:
    """Builds one declarative flow for one attempt. What an expression calls now, and the state's id, are the same in
    every attempt."""

    def __init__(
        self, submission: Submission, parts: CrewParts, secrets: GivenSecrets, functions: ToolFunctions
    ) -> None:
        self._submission = submission
        self._spec = FlowDefinition.model_validate(submission.flow)
        self._parts = parts
        self._made = (parts, secrets, functions)
        self._crews = {one.key: _read(one.key, one.crew) for one in crews_of(self._spec)}

    @property
    def definition(self) -> CrewDefinition:
        """The outline of its crews."""
        return self._submission.definition

    def build(self) -> BuiltCrew:
        """Raises pydantic's ValidationError and CrewAI's ExpressionError for what CrewAI itself refuses, and what
        `CrewBuilder` raises."""
        spec = self._spec
        execution = self._parts.companions.execution
        flow: Any = PlainFlow.of(CrewFlow.model_validate(self._declared(execution.execution_id)))
        steps = Steps(flow, execution.created_at, self._builder, spec)
        flow.give_methods({name: steps.method(name) for name in spec.methods})
        inputs = dict(self._submission.inputs)

        async def kickoff() -> Any:
            answer = await flow.kickoff_async(inputs=inputs or None)
            return answer.raw if isinstance(answer, LiteAgentOutput) else answer

        return BuiltCrew(kickoff, [], result_name=spec.name)

    def _builder(self, key: str, inputs: Mapping[str, Any]) -> CrewBuilder:
        """Of the crew of one step."""
        whole = self._submission
        submission = whole.model_copy(
            update={"definition": self._crews[key], "inputs": dict(inputs), "flow": None, "project": None}
        )
        return CrewBuilder(submission, *self._made)

    def _declared(self, execution_id: str) -> dict[str, Any]:
        """The flow as CrewAI reads it, without what its methods do."""
        spec = self._spec
        state = spec.state.model_dump(mode="json", exclude_none=True)
        state["default"] = {"id": execution_id, **(spec.state.default or {})}
        if state["type"] == "dict":
            state.pop("json_schema", None)
        methods = {
            name: {
                **method.model_dump(mode="json", include=_ROUTED, exclude_none=True),
                "do": _NOTHING,
                **({"human_feedback": told} if (told := self._feedback(name)) else {}),
            }
            for name, method in spec.methods.items()
        }
        config = {"max_method_calls": spec.config.max_method_calls}
        whole = {"schema": spec.schema_, "name": spec.name, "state": state, "config": config, "methods": methods}
        return {**whole, "persist": spec.persist.model_dump()} if spec.persist else whole

    def _feedback(self, name: str) -> dict[str, Any]:
        feedback = self._spec.methods[name].human_feedback
        if feedback is None:
            return {}
        told = feedback.model_dump(mode="json", include={"message", "emit", "default_outcome", "metadata"})
        # The model that reads what a person said is made as others are: CrewAI would look for a key by itself.
        return {**told, "llm": self._parts.models.make(feedback.llm or self._spec.model)} if feedback.emit else told


class Steps:
    """What the methods of one flow do."""

    def __init__(
        self,
        flow: Flow[Any],
        now: datetime,
        builder: Callable[[str, Mapping[str, Any]], CrewBuilder],
        spec: FlowDefinition,
    ) -> None:
        self._flow = flow
        self._now = now
        self._builder = builder
        self._spec = spec

    def method(self, name: str) -> Callable[..., Awaitable[Any]]:
        do = self._spec.methods[name].do
        step = self._each(name, do) if isinstance(do, EachStep) else self._step(name, do)

        async def run(*_arguments: Any, **_named: Any) -> Any:
            with task_scope(name):
                return await step({})

        return run

    def _each(self, name: str, each: EachStep) -> Step:
        steps = [(inner, self._step(f"{name}.{inner.name}", inner.action)) for inner in each.do]

        async def run(_local: Local) -> list[Any]:
            items = self._value(each.in_, {})
            if not isinstance(items, list):
                raise StepFailed(f"{name}: `in` must be a list, and is {type(items).__name__}.")
            answers: list[Any] = []
            for item in cast("list[Any]", items):
                outputs: dict[str, Any] = {}
                last: Any = None
                for inner, step in steps:
                    local = {"item": item, "outputs": outputs}
                    if inner.if_ is not None and not self._holds(f"{name}.{inner.name}", inner.if_, local):
                        continue
                    last = outputs[inner.name] = await step(local)
                answers.append(last)
            return answers

        return run

    def _holds(self, key: str, condition: str, local: Local) -> bool:
        value = self._value(condition, local)
        if not isinstance(value, bool):
            raise StepFailed(f"{key}: `if` must be true or false, and is {type(value).__name__}.")
        return value

    def _step(self, key: str, step: Any) -> Step:
        """Raises what is wrong with it before anything runs."""
        if isinstance(step, CrewStep):
            return self._crew(key, step)
        if isinstance(step, AgentStep):
            return self._agent(key, step)
        if isinstance(step, ToolStep):
            return self._tool(key, step)
        Expression(step.expr).validate_expression(allowed_roots=("state", "outputs", "item"), source=key)

        async def evaluate(local: Local) -> Any:
            return self._value(step.expr, local)

        return evaluate

    def _crew(self, key: str, step: CrewStep) -> Step:
        self._check(key, step.given)

        async def run(local: Local) -> Any:
            inputs = {name: value for name, value in self._rendered(step.given, local).items() if value is not None}
            return await self._builder(key, inputs).build().kickoff()

        return run

    def _agent(self, key: str, step: AgentStep) -> Step:
        given = step.with_["input"]
        self._check(key, given)

        async def run(local: Local) -> Any:
            asked = self._rendered(given, local)
            builder = self._builder(key, {})
            agent: Any = builder.agent(key)
            pictures = builder.pictures() or None
            return await agent.kickoff_async(asked if isinstance(asked, list) else str(asked), input_files=pictures)

        return run

    def _tool(self, key: str, step: ToolStep) -> Step:
        self._check(key, step.with_ or {})

        async def run(local: Local) -> Any:
            tool = self._builder(key, {}).tool(step.ref)
            answer = await asyncio.to_thread(tool.run, **self._rendered(step.with_ or {}, local))
            if failure := detect_tool_failure(answer):
                raise StepFailed(f"{key}: {failure.message}", remedy="Correct what the tool is given.")
            return answer

        return run

    def _check(self, key: str, template: Any) -> None:
        Expression(template).validate_template(allowed_roots=("state", "outputs", "item"), source=key)

    def _value(self, text: str, local: Local) -> Any:
        return self._expression(text, local).evaluate()

    def _rendered(self, template: Any, local: Local) -> Any:
        return self._expression(template, local).render_template()

    def _expression(self, value: Any, local: Local) -> Expression:
        made = Expression.from_flow(value, self._flow, local_context=local or None)
        made.now = self._now
        return made


def _read(key: str, crew: dict[str, Any]) -> CrewDefinition:
    return with_own_tasks(key, read_crew(crew, {}, Faults()).definition)
