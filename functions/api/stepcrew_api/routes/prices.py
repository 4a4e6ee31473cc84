"""What the group pays for models, where that is not what the providers' lists say."""

from __future__ import annotations

from fastapi import APIRouter

from stepcrew.domain.model_prices import PriceList
from stepcrew_api.bodies import PricesBody
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Admin, Caller
from stepcrew_api.problems import responses
from stepcrew_api.services import Injected

router = APIRouter(prefix="/prices", tags=["costs"], route_class=GuardedRoute)


@router.get("", responses=responses())
def read_prices(identity: Caller, services: Injected) -> PriceList:
    """The group's own prices, by model; those of other models are the providers' list prices."""
    return services.prices.price_list(identity.group_id)


@router.put("", responses=responses(400, 413, 415))
def set_prices(body: PricesBody, identity: Admin, services: Injected) -> PriceList:
    """Replaces all of them. Executions that are submitted afterwards are priced so, and keep these prices."""
    services.prices.save_price_list(identity.group_id, body)
    return body
