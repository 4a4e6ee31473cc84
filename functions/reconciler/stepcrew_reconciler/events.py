"""What the reconciler is invoked with: by the state machine, by the clock, and by the end of a state machine."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, Json, TypeAdapter


class Reference(BaseModel):
    group_id: str
    execution_id: str


class BatchReference(BaseModel):
    group_id: str
    batch_id: str


class OfStateMachine(Reference):
    """Every event that the state machine itself sends."""

    model_config = ConfigDict(extra="forbid")


class CaughtError(BaseModel):
    error: str = ""
    cause: str = ""


class FailedExecution(OfStateMachine):
    """The state machine gave up on the execution."""

    failure: CaughtError


class WaitingMachine(OfStateMachine):
    """The state machine waits for a person until this token comes back."""

    task_token: str = Field(min_length=1)


class ExpiredWait(OfStateMachine):
    """Nobody decided while the state machine waited."""

    expired: Literal[True]


class Tick(BaseModel):
    """A minute has passed."""

    detail_type: Literal["Scheduled Event"] = Field(alias="detail-type")


class EndedMachine(BaseModel):
    """How a state machine execution ended; `input` is what it was started with."""

    status: str
    input: Json[Reference | BatchReference]


class AbnormalEnd(BaseModel):
    """A state machine execution failed, timed out or was stopped."""

    detail_type: Literal["Step Functions Execution Status Change"] = Field(alias="detail-type")
    detail: EndedMachine


OfOne = FailedExecution | WaitingMachine | ExpiredWait | AbnormalEnd
"""About one execution or batch."""
Event = OfOne | Tick
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
