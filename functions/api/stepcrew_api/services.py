"""What the routes work with; put together in `wiring`, or from fakes in tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from stepcrew.domain.execution import Execution
from stepcrew.services.cancel_execution import CancelExecution
from stepcrew.services.crew_ports import CrewStore
from stepcrew.services.decide_approval import DecideApproval
from stepcrew.services.follow_execution import FollowExecution
from stepcrew.services.keep_secrets import KeepSecrets
from stepcrew.services.ports import (
    ApprovalStore,
    ExecutionStore,
    LimitStore,
    ListingStore,
    PayloadStore,
    TaskOutputStore,
    TraceStore,
)
from stepcrew.services.read_trace import ReadTrace
from stepcrew.services.search_trace import SearchTrace
from stepcrew.services.slot_ports import SlotStore
from stepcrew.services.store_crew import StoreCrew
from stepcrew.services.submit_execution import SubmitExecution


class Services(NamedTuple):
    submit: SubmitExecution
    cancel: CancelExecution
    decide: DecideApproval
    executions: ExecutionStore
    slots: SlotStore
    follow: FollowExecution
    listing: ListingStore
    traces: TraceStore
    read_trace: ReadTrace
    search_trace: SearchTrace
    tasks: TaskOutputStore
    approvals: ApprovalStore
    payloads: PayloadStore
    limits: LimitStore
    crews: CrewStore
    store_crew: StoreCrew
    secrets: KeepSecrets


def services(request: Request) -> Services:
    return request.app.state.services


def queue_positions(services: Services, group_id: str, executions: Iterable[Execution]) -> Mapping[str, int]:
    """The group's queue, if any of these is in it."""
    return services.slots.positions(group_id) if any(one.queued_at for one in executions) else {}


Injected = Annotated[Services, Depends(services)]
