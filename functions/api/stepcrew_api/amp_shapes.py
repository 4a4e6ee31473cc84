"""The shapes of CrewAI's hosted API (AMP). Source: https://docs.crewai.com/en/api-reference."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from stepcrew.domain.callback import CALLBACK_KINDS, CallbackKind
from stepcrew.domain.definition import MAX_NAME
from stepcrew.domain.web_address import WebAddress
from stepcrew_api.approval_views import MOST_COMMENT

MOST_META = 10_000
"""Characters, as JSON."""


def _small(meta: dict[str, JsonValue]) -> dict[str, JsonValue]:
    if len(json.dumps(meta)) > MOST_META:
        raise ValueError(f"meta may have {MOST_META} characters")
    return meta


_Address = Annotated[WebAddress | None, BeforeValidator(lambda url: url or None)]
"""Clients that were made with CrewAI's console send empty texts."""


class AmpCallbacks(BaseModel):
    """Who is told of finished tasks, of the steps of agents and of the end."""

    model_config = ConfigDict(extra="forbid")

    taskWebhookUrl: _Address = None
    stepWebhookUrl: _Address = None
    crewWebhookUrl: _Address = None

    @property
    def urls(self) -> dict[CallbackKind, str]:
        named: dict[CallbackKind, str | None] = {kind: getattr(self, f"{kind}WebhookUrl") for kind in CALLBACK_KINDS}
        return {kind: url for kind, url in named.items() if url}


class AmpKickoff(AmpCallbacks):
    """The body of POST /amp/{crew}/kickoff. Unknown fields are faults. `meta` is told to the addresses; it changes
    nothing of the crew."""

    inputs: dict[str, JsonValue]
    meta: Annotated[dict[str, JsonValue], AfterValidator(_small)] | None = None


class AmpResume(AmpCallbacks):
    """The body of POST /amp/{crew}/resume. Unknown fields are faults. `is_approve` false asks for another answer. The
    addresses of the kickoff hold on; they may be named again, also with another value."""

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
