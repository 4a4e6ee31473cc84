"""The group's secrets: set, listed and removed. No address answers a value."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from stepcrew.domain.secret_names import SECRET_NAME
from stepcrew_api.bodies import SecretBody
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Admin, Caller
from stepcrew_api.problems import responses
from stepcrew_api.schemas import SecretList, SecretView
from stepcrew_api.services import Injected
from stepcrew_api.views import secret_view

router = APIRouter(prefix="/secrets", tags=["secrets"], route_class=GuardedRoute)

SecretName = Annotated[str, Path(pattern=SECRET_NAME, description="What definitions call it: {secret: NAME}.")]


@router.get("", responses=responses())
def list_secrets(identity: Caller, services: Injected) -> SecretList:
    """The names of the group's secrets, when and by whom each was set, and the stored crews that use it."""
    found = services.secrets.list(identity.group_id)
    return SecretList(secrets=[secret_view(known.secret, known.crews) for known in found])


@router.put(
    "/{name}",
    status_code=201,
    responses={200: {"model": SecretView, "description": "Replaced"}, **responses(400, 413, 415)},
)
def set_secret(
    name: SecretName, body: SecretBody, identity: Admin, services: Injected, response: Response
) -> SecretView:
    """Sets the value, or replaces it. Executions that begin an attempt afterwards use the new one."""
    secret, is_new = services.secrets.put(identity.group_id, name, body.value.get_secret_value(), identity.name)
    if not is_new:
        response.status_code = 200
    return secret_view(secret, [])


@router.delete("/{name}", status_code=204, responses=responses())
def remove_secret(name: SecretName, identity: Admin, services: Injected) -> Response:
    """Executions that begin an attempt afterwards lack it. Asking again changes nothing."""
    services.secrets.delete(identity.group_id, name)
    return Response(status_code=204)
