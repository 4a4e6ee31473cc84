"""What executions cost."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from stepcrew.domain.bill import Cost
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Caller
from stepcrew_api.problems import responses
from stepcrew_api.routes.executions import ExecutionId
from stepcrew_api.services import Injected

router = APIRouter(prefix="/executions/{execution_id}", tags=["costs"], route_class=GuardedRoute)


@router.get("/cost", responses=responses(404))
def cost(
    execution_id: ExecutionId,
    identity: Caller,
    services: Injected,
    price_book: Annotated[str | None, Query(max_length=40, description="Another than the newest one.")] = None,
) -> Cost:
    """What it cost until now: its model calls by task, agent and model, and what it used of AWS, line by line. What
    reading it costs is not part of it."""
    return services.read_cost(identity.group_id, execution_id, price_book)
