"""What the API answers about tools."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, JsonValue


class Tool(BaseModel):
    """A tool a crew may name. `secrets` are the group's secrets it needs; `effects` says that its calls change
    something; `input_schema` is what a model may give it. `of_group` tells a function that the group has registered."""

    name: str
    summary: str
    secrets: list[str]
    effects: bool = False
    input_schema: dict[str, JsonValue]
    of_group: bool


class FunctionToolView(BaseModel):
    """A function that the group has registered as a tool."""

    name: str
    description: str
    input_schema: dict[str, JsonValue]
    function_arn: str
    effects: bool
    timeout_seconds: int
    secrets: list[str]
    updated_at: datetime
    updated_by: str | None


class ToolFunction(BaseModel):
    """What tells the function of a tool from others: parameters of projects/tool.yaml."""

    parameters: dict[str, str]
