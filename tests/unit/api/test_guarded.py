"""A route without a role cannot be put together, and the document says which role each one needs."""

from __future__ import annotations

import pytest
from fastapi import APIRouter

from stepcrew.settings import Settings
from stepcrew_api.guarded import PUBLIC, GuardedRoute
from stepcrew_api.identity import Admin, Caller
from stepcrew_api.wiring import make_app


def test_a_route_that_asks_for_no_role_and_is_not_public_cannot_be_put_together() -> None:
    router = APIRouter(route_class=GuardedRoute)

    def forgotten() -> None: ...

    with pytest.raises(TypeError, match="must ask for a role"):
        router.get("/forgotten")(forgotten)


def test_a_route_that_is_public_and_asks_for_a_role_cannot_be_put_together() -> None:
    router = APIRouter(route_class=GuardedRoute)

    def confused(_identity: Caller) -> None: ...

    with pytest.raises(TypeError, match="must ask for a role"):
        router.get("/confused", openapi_extra=PUBLIC)(confused)


def test_the_highest_of_the_roles_asked_for_is_needed() -> None:
    router = APIRouter(route_class=GuardedRoute)

    def both(_caller: Caller, _admin: Admin) -> None: ...

    router.get("/both")(both)
    [route] = router.routes
    assert isinstance(route, GuardedRoute)
    assert route.needed_role == "admin"


def test_every_operation_of_the_document_names_its_role_or_is_public() -> None:
    document = make_app(Settings()).openapi()
    roles = {
        f"{method.upper()} {path}": operation.get("x-required-role", operation.get("security"))
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }
    assert roles["GET /api/v1/health"] == []
    assert roles["GET /api/v1/me"] == "viewer"
    assert roles["POST /api/v1/executions"] == "member"
    assert roles["PUT /api/v1/crews/{name}"] == "admin"
    public = ["GET /api/v1/health", "POST /api/v1/hooks/{address}"]
    assert sorted(name for name, role in roles.items() if role == []) == public
    assert all(role in ([], "viewer", "member", "admin") for role in roles.values())
    assert all(
        role in ("member", "admin")
        for name, role in roles.items()
        if not name.startswith("GET ") and name not in public
    )
