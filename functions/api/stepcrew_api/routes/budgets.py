"""What the group may spend in a month."""

from __future__ import annotations

from fastapi import APIRouter

from stepcrew.domain.budgets import Budgets, month_of
from stepcrew.domain.errors import Conflict
from stepcrew_api.bodies import BudgetsBody
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Admin, Caller
from stepcrew_api.problems import responses
from stepcrew_api.services import Injected, Services
from stepcrew_api.usage_schemas import BudgetList, BudgetView

router = APIRouter(prefix="/budgets", tags=["costs"], route_class=GuardedRoute)


@router.get("", responses=responses())
def read_budgets(identity: Caller, services: Injected) -> BudgetList:
    """The budgets of the group and of single crews, with what was spent of them this month (UTC)."""
    return _list(services, identity.group_id, services.budgets.budgets(identity.group_id))


@router.put("", responses=responses(400, 409, 413, 415))
def set_budgets(body: BudgetsBody, identity: Admin, services: Injected) -> BudgetList:
    """Replaces all of them, if they still have the `revision` that was read; 0 where there are none. At 80 % of a
    budget a warning is announced; from 100 % on nothing more that counts in it is started until the month is over. What
    was submitted before goes on to its own limits."""
    saved = services.budgets.save_budgets(identity.group_id, body)
    if saved is None:
        raise Conflict(
            f"The budgets do not have the revision {body.revision}: somebody else has changed them.",
            remedy="Read them again, and send your change with the revision they have now.",
        )
    return _list(services, identity.group_id, saved)


def _list(services: Services, group_id: str, budgets: Budgets) -> BudgetList:
    states = services.watch_budgets.states(group_id, budgets)
    month = month_of(services.clock.now().date())
    views = [BudgetView(**state._asdict()) for state in states]
    return BudgetList(month=month, revision=budgets.revision, budgets=views)
