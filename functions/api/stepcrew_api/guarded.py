"""Routes that check the caller's right first: before the body is read, and before any parameter is."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from stepcrew.domain.membership import Role
from stepcrew.log_context import about
from stepcrew_api.identity import admit, subject_of

PUBLIC: dict[str, Any] = {"security": []}
"""`openapi_extra` of a route that everybody may call."""


class GuardedRoute(APIRoute):
    """A route whose needed role is the one its handler asks for by `Caller`, `Member` or `Admin`.

    The OpenAPI document shows it as `x-required-role`. A handler that asks for none must be declared `PUBLIC`.
    Raises TypeError, when the application is put together, for one that is neither or both.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        roles = _roles(self.dependant)
        public = bool(self.openapi_extra) and self.openapi_extra.get("security") == []
        if public is bool(roles):
            raise TypeError(f"{path} must ask for a role, or be public")
        self.needed_role = max(roles, key=list(Role).index) if roles else None
        if self.needed_role:
            self.openapi_extra = {**(self.openapi_extra or {}), "x-required-role": str(self.needed_role)}

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            if self.needed_role is not None:
                admit(request, self.needed_role)
            with about(**subject_of(request)):
                return await handle(request)

        return guarded


def _roles(dependant: Dependant) -> list[Role]:
    """The roles asked for by a handler or by what it depends on."""
    own = getattr(dependant.call, "needed_role", None)
    return ([own] if own else []) + [role for one in dependant.dependencies for role in _roles(one)]
