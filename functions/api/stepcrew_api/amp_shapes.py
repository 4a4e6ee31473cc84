"""The shapes of CrewAI's hosted API (AMP). Source: https://docs.crewai.com/en/api-reference."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from stepcrew.domain.definition import MAX_NAME
from stepcrew_api.approval_views import MOST_COMMENT


class AmpKickoff(BaseModel):
    """The body of POST /amp/{crew}/kickoff. Unknown fields are faults. `meta` is for webhooks; it changes nothing of
    the crew."""

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, JsonValue]
    meta: dict[str, JsonValue] | None = None


class AmpResume(BaseModel):
    """The body of POST /amp/{crew}/resume. Unknown fields are faults. `is_approve` false asks for another answer."""

    model_config = ConfigDict(extra="forbid")

    execution_id: str = Field(max_length=80)
    task_id: str = Field(max_length=MAX_NAME)
    human_feedback: str = Field(max_length=MOST_COMMENT)
    is_approve: bool


class AmpInputs(BaseModel):
    inputs: list[str]


class AmpKickedOff(BaseModel):
    kickoff_id: str


class AmpProgress(BaseModel):
    completed_tasks: int
    total_tasks: int


class AmpTask(BaseModel):
    """`execution_time` in seconds."""

    task_id: str
    output: str
    agent: str | None
    execution_time: float | None


class AmpResult(BaseModel):
    output: str | None
    tasks: list[AmpTask]


class AmpQuestion(BaseModel):
    """What a person is asked; `task_id` is what POST …/resume takes."""

    task_id: str | None
    question: str
    output: str


class AmpStatus(BaseModel):
    """`status` and what belongs to it are the documented ones; `state` is what CrewAI's older clients ask for, and says
    more. `execution_time` in seconds."""

    status: Literal["running", "completed", "error"]
    state: Literal["PENDING", "RUNNING", "PENDING_HUMAN_INPUT", "SUCCESS", "FAILED"]
    current_task: str | None = None
    progress: AmpProgress | None = None
    pending_human_input: AmpQuestion | None = None
    result: AmpResult | None = None
    error: str | None = None
    execution_time: float | None = None


class AmpResumed(BaseModel):
    status: Literal["resumed", "retrying"]
    message: str


class AmpError(BaseModel):
    """Every error below /amp. `details` says which inputs are missing."""

    error: str
    message: str
    details: dict[str, JsonValue] | None = None
