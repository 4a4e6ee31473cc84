"""What the state machine of a batch asks for (statemachine/batch.asl.yaml)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from stepcrew.domain.batch import RowReference


class _Exact(BaseModel):
    model_config = ConfigDict(extra="forbid")


class StartRow(_Exact):
    """One row is to be started; the token waits for its end."""

    row: RowReference
    task_token: str = Field(min_length=1)


class WaitForRows(_Exact):
    """No further row is started; the token waits for those that run."""

    group_id: str
    batch_id: str
    round: int
    task_token: str = Field(min_length=1)


class FinishRound(_Exact):
    """No row runs any more."""

    group_id: str
    batch_id: str
    round: int
    finish: Literal[True]


BatchStep = StartRow | WaitForRows | FinishRound
BATCH_STEP: TypeAdapter[BatchStep] = TypeAdapter(BatchStep)
