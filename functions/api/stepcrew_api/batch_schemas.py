"""Requests and answers about batches; as in `schemas`."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from stepcrew.domain.batch import MOST_ROWS, Batch, BatchRow
from stepcrew.domain.execution import Limits, Status, Usd
from stepcrew.domain.limits import MOST_RUNNING_EXECUTIONS
from stepcrew.domain.stored_crew import CREW_REFERENCE
from stepcrew.domain.webhook import MOST_WEBHOOKS
from stepcrew_api.schemas import BodyReference


class BatchRequest(BaseModel):
    """The body of POST /batches. Unknown fields are faults.

    Exactly one of `inputs`, `file` and `s3` is set: the rows themselves, each an object with the crew's inputs; or CSV
    or JSON Lines: one of the group's files by its name, or an object of its folder in the inbox, by its name below that
    folder or as `s3://bucket/key`.
    `limits` are those of each execution. Without `max_concurrency` half of the group's slots are used; without
    `tolerated_failures` a hundred rows may fail. `webhooks` hear of the batch's end.
    """

    model_config = ConfigDict(extra="forbid")

    crew: Annotated[str, Field(pattern=CREW_REFERENCE)]
    inputs: Annotated[list[JsonValue], Field(max_length=MOST_ROWS)] | None = None
    file: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    s3: Annotated[str, Field(pattern=r"^s3://[a-z0-9.-]{3,63}/.{1,1000}$")] | None = None
    name: str | None = Field(None, max_length=200)
    limits: Limits | None = None
    max_concurrency: Annotated[int, Field(ge=1, le=MOST_RUNNING_EXECUTIONS)] | None = None
    tolerated_failures: Annotated[int, Field(ge=0, le=MOST_ROWS)] | None = None
    webhooks: Annotated[list[str], Field(max_length=MOST_WEBHOOKS)] = []

    @model_validator(mode="after")
    def _one_source(self) -> BatchRequest:
        if sum(source is not None for source in (self.inputs, self.file, self.s3)) != 1:
            raise ValueError("set exactly one of inputs, file and s3")
        return self


class BatchView(Batch):
    """A batch. `pending` rows are not started yet."""

    pending: int


class RowResultView(BaseModel):
    """One line of a batch's results: what a row was given and came to. `output` and `json_dict` are the crew's answer;
    a large one is fetched from `output_reference`. `inputs` is null when they have expired."""

    row: int
    status: Status
    inputs: dict[str, JsonValue] | None
    execution_id: str | None
    output: str | None
    json_dict: dict[str, JsonValue] | None
    output_reference: BodyReference | None
    reason: str
    error_type: str | None
    total_tokens: int
    cost_usd: Usd | None


class BatchList(BaseModel):
    """Newest first. `next_cursor` is opaque and null on the last page."""

    batches: list[BatchView]
    next_cursor: str | None


class BatchRowList(BaseModel):
    """The rows that were begun, by number. `next_cursor` is opaque and null on the last page."""

    rows: list[BatchRow]
    next_cursor: str | None
