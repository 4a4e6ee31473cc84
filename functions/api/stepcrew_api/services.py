"""What the routes work with; put together in `wiring`, or from fakes in tests."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from stepcrew.services.ports import Clock as Clock
from stepcrew.services.ports import ExecutionStore, PayloadStore, TaskOutputStore, TraceStore
from stepcrew.services.read_trace import ReadTrace
from stepcrew.services.submit_execution import SubmitExecution


class Services(NamedTuple):
    submit: SubmitExecution
    executions: ExecutionStore
    traces: TraceStore
    read_trace: ReadTrace
    tasks: TaskOutputStore
    payloads: PayloadStore
    clock: Clock


def services(request: Request) -> Services:
    return request.app.state.services


Injected = Annotated[Services, Depends(services)]
