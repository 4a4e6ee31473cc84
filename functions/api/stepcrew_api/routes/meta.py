"""About the service itself."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, JsonValue

from stepcrew.domain.crew_schema import crew_schema
from stepcrew.domain.execution import GroupLimits
from stepcrew.services.read_limits import read_limits
from stepcrew_api.guarded import PUBLIC, GuardedRoute
from stepcrew_api.identity import Caller, Identity, operates
from stepcrew_api.problems import responses
from stepcrew_api.schemas import Health
from stepcrew_api.services import Injected
from stepcrew_api.version import VERSION

router = APIRouter(tags=["service"], route_class=GuardedRoute)


class LimitsOfGroup(BaseModel):
    """`defaults` stand in for what a submission leaves out; nothing may exceed `ceilings`. Null: there is none."""

    defaults: GroupLimits
    ceilings: GroupLimits
    open_executions: int = Field(description="How many may be open at the same time.")
    running_executions: int = Field(description="How many of them may run at the same time; the others wait.")


class Me(Identity):
    """The caller, and the rules of the selected group."""

    limits: LimitsOfGroup | None = Field(
        description="Null where they cannot be read: nothing of the group is submitted until the operator corrects it."
    )
    operator: bool = Field(description="Whether the caller, in this group, operates the stack.")


@router.get("/health", openapi_extra=PUBLIC)
def health(request: Request) -> Health:
    """Public: the service answers, and which models crews may use."""
    settings = request.app.state.settings
    return Health(
        version=VERSION,
        default_model=settings.default_model or None,
        allowed_models=settings.allowed_models,
    )


@router.get("/me", responses=responses())
def me(identity: Caller, services: Injected, request: Request) -> Me:
    """Who the token says you are, and which limits the selected group has."""
    rules = read_limits(services.limits, identity.group_id).rules
    limits = rules and LimitsOfGroup(**rules._asdict())
    operator = operates(identity, request.app.state.settings)
    return Me(**identity.model_dump(), limits=limits, operator=operator)


@router.get("/schema", responses=responses())
def schema(_identity: Caller) -> dict[str, JsonValue]:
    """The JSON Schema (draft 2020-12) of a crew, the `config` of a submission, with a sentence of help for each field.
    Editors complete and explain crews with it; every mistake is named by a dry run."""
    return crew_schema()
