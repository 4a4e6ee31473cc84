"""A group's own tools: Lambda functions, called outside of the runner."""

from __future__ import annotations

from typing import Any

from crewai.tools import BaseTool
from crewai.utilities.pydantic_schema_utils import create_model_from_schema  # pyright: ignore[reportUnknownVariableType]
from pydantic import BaseModel, PrivateAttr, create_model
from pydantic_core import to_jsonable_python

from stepcrew.domain.errors import FunctionFailed
from stepcrew.domain.function_tool import FunctionTool
from stepcrew.services.tool_ports import ToolFunctions
from stepcrew_runner.isolation.addresses import as_platform


class NoFunctions:
    """`ToolFunctions` of a replay, which answers every call from the journal and calls no function."""

    def call(self, tool: FunctionTool, arguments: object) -> str:
        del arguments
        raise FunctionFailed(f"{tool.name} is a function, which is not called from here.")


class LambdaTool(BaseTool):
    """A function of the group as a tool of CrewAI. Arguments that the model leaves out are not in the event either."""

    _spec: FunctionTool = PrivateAttr()
    _functions: ToolFunctions = PrivateAttr()

    def __init__(self, spec: FunctionTool, functions: ToolFunctions) -> None:
        super().__init__(name=spec.name, description=spec.description, args_schema=_arguments_of(spec))
        self._spec = spec
        self._functions = functions

    @property
    def has_effects(self) -> bool:
        return self._spec.effects

    def _run(self, **arguments: Any) -> str:
        given = {name: value for name, value in to_jsonable_python(arguments).items() if value is not None}
        return as_platform(self._functions.call, self._spec, given)


def _arguments_of(spec: FunctionTool) -> type[BaseModel]:
    if spec.takes_nothing:
        return create_model(spec.name)
    return create_model_from_schema(spec.input_schema, model_name=spec.name)
