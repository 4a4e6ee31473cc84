"""The stack as its operator sees it: admins of the operator's group only."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from stepcrew.domain.errors import InvalidRequest
from stepcrew.domain.price_book import price_book
from stepcrew.domain.stack_state import GroupState, OpenExecution, PartState, QueueState, SweepState
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Operator
from stepcrew_api.problems import responses
from stepcrew_api.services import Injected
from stepcrew_api.version import VERSION

router = APIRouter(prefix="/operator", tags=["operator"], route_class=GuardedRoute)


class StackView(BaseModel):
    """Numbers and ids of every group, no text of any crew."""

    version: str
    price_book: str
    parts: list[PartState]
    queues: list[QueueState]
    sweep: SweepState | None
    groups: list[GroupState] = Field(description="That have open executions, those with the most first.")
    executions: list[OpenExecution] = Field(description="Open ones, the oldest first; 200 at most.")
    open: int = Field(description="How many are open, counted up to 5,000.")


@router.get("/stack", responses=responses())
def stack(_identity: Operator, services: Injected) -> StackView:
    """Health of each part, queues with their dead letters, the last sweep, groups with their limits, what is open."""
    return StackView(version=VERSION, price_book=price_book("").name, **services.oversee()._asdict())


@router.post("/dead-letters/{queue}/redrive", status_code=202, responses=responses(409))
def redrive(
    queue: Annotated[str, Path(pattern="^[a-z]{1,30}$")], _identity: Operator, services: Injected
) -> dict[str, str]:
    """Begins to send the dead letters of a queue again; the cause should be gone by then. What comes twice changes
    nothing."""
    try:
        services.oversee.redrive(queue)
    except KeyError as error:
        told = f"The queue {queue} has no dead letters that could be sent again."
        raise InvalidRequest.at("", "unknown_queue", told) from error
    return {"queue": queue, "state": "sending"}
