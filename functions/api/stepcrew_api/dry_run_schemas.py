"""The answer to a dry run."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from stepcrew.domain.execution import Limits
from stepcrew.services.estimate_cost import Estimate


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
    unset_environment: list[str] = Field(
        description="Of a project: names that it reads from its environment, may do without, and no secret fills."
    )
    limits: Limits = Field(description="As they would be, under the group's defaults and ceilings.")
    estimate: Estimate | None = Field(description="From earlier executions; null where there is none that completed.")
