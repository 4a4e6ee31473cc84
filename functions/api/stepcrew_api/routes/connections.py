"""Model connections: addresses that speak a provider's protocol, used as `name/model`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from stepcrew.domain.connection import CONNECTION_NAME, StoredConnection
from stepcrew.domain.errors import ConnectionNotFound
from stepcrew_api.bodies import ConnectionBody
from stepcrew_api.connection_schemas import ConnectionList, ConnectionView
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.identity import Admin, Caller
from stepcrew_api.problems import responses
from stepcrew_api.routes.projects import Platform
from stepcrew_api.services import Injected

router = APIRouter(prefix="/connections", tags=["connections"], route_class=GuardedRoute)

ConnectionName = Annotated[str, Path(pattern=CONNECTION_NAME, description="What stands in front of its models.")]


@router.get("", responses=responses())
def connections(identity: Caller, services: Injected, platform: Platform) -> ConnectionList:
    """The group's model connections, and the names of the operator's, which every group may use."""
    own = [_view(one) for one in services.connections.every(identity.group_id)]
    return ConnectionList(connections=own, operators=sorted(platform.model_connections))


@router.get("/{name}", responses=responses(404))
def read_connection(name: ConnectionName, identity: Caller, services: Injected) -> ConnectionView:
    """A connection of the group."""
    found = services.connections.one(identity.group_id, name)
    if found is None:
        raise ConnectionNotFound(f"There is no connection {name!r} of this group.")
    return _view(found)


@router.put(
    "/{name}",
    status_code=201,
    responses={200: {"model": ConnectionView, "description": "Replaced"}, **responses(400, 413, 415)},
)
def store_connection(
    name: ConnectionName, body: ConnectionBody, identity: Admin, services: Injected, response: Response
) -> ConnectionView:
    """Makes a connection, or replaces one. Executions that were submitted keep what it was."""
    stored, is_new = services.store_connection(identity.group_id, name, body, identity.name)
    if not is_new:
        response.status_code = 200
    return _view(stored)


@router.delete("/{name}", status_code=204, responses=responses())
def remove_connection(name: ConnectionName, identity: Admin, services: Injected) -> Response:
    """Crews that name its models are refused from now on. Asking again changes nothing."""
    services.connections.delete(identity.group_id, name)
    return Response(status_code=204)


def _view(one: StoredConnection) -> ConnectionView:
    return ConnectionView.model_validate(one.model_dump())
