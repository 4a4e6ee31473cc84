"""About the service itself."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel

from stepcrew.domain.tools import TOOLS
from stepcrew_api.identity import Caller, Identity
from stepcrew_api.problems import responses
from stepcrew_api.schemas import Health
from stepcrew_api.version import VERSION

router = APIRouter(tags=["service"])


class Tool(BaseModel):
    """A tool a crew may name. `secrets` are the group's secrets it needs."""

    name: str
    summary: str
    secrets: list[str]


@router.get("/health")
def health(request: Request) -> Health:
    """Public: the service answers, and which models crews may use."""
    settings = request.app.state.settings
    return Health(
        version=VERSION,
        default_model=settings.default_model or None,
        allowed_models=settings.allowed_model_patterns,
    )


@router.get("/me", responses=responses())
def me(identity: Caller) -> Identity:
    """Who the token says you are."""
    return identity


@router.get("/tools", responses=responses())
def tools(_identity: Caller) -> list[Tool]:
    """The tools crews may name."""
    return [Tool(name=spec.name, summary=spec.summary, secrets=list(spec.secrets)) for spec in TOOLS.values()]
