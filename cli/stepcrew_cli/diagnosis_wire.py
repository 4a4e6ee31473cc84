"""What the command line reads of a diagnosis."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class Attempt(BaseModel):
    attempt: int
    emitted: int | None = None
    recorded: int = 0
    died: bool = False


class MachineStep(BaseModel):
    at: datetime
    event: str
    state: str | None = None
    error: str | None = None


class Machine(BaseModel):
    status: str
    error: str = ""
    steps: list[MachineStep] = []


class TraceQueue(BaseModel):
    """Messages of the whole stack."""

    waiting: int
    in_flight: int
    dead: int


class Slots(BaseModel):
    """Of the group."""

    running: int
    may_run: int
    waiting: int
    open: int
    may_be_open: int


class OpenApproval(BaseModel):
    number: int
    kind: str
    task_name: str | None = None
    expires_at: datetime


class Line(BaseModel):
    emitted_at: datetime
    level: str
    message: str


class Diagnosis(BaseModel):
    status: str
    summary: str
    attempts: list[Attempt] = []
    machine: Machine | None = None
    trace_queue: TraceQueue | None = None
    slots: Slots | None = None
    approvals: list[OpenApproval] = []
    logs: list[Line] = []
