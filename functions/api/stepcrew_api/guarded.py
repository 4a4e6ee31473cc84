"""Routes that check the caller's right first: before the body is read, and before any parameter is. What they change is
written into the group's audit log."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from fastapi import Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from stepcrew.domain.membership import Role
from stepcrew.log_context import about
from stepcrew.services.audit_ports import Act
from stepcrew_api.identity import Identity, admit, subject_of
from stepcrew_api.problems import request_id
from stepcrew_api.services import Services

PUBLIC: dict[str, Any] = {"security": []}
"""`openapi_extra` of a route that everybody may call."""


class GuardedRoute(APIRoute):
    """A route whose needed role is the one its handler asks for by `Caller`, `Member` or `Admin`.

    The OpenAPI document shows it as `x-required-role`. A handler that asks for none must be declared `PUBLIC`.
    Raises TypeError, when the application is put together, for one that is neither or both.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        roles = list(_said(self.dependant, "needed_role"))
        public = bool(self.openapi_extra) and self.openapi_extra.get("security") == []
        if public is bool(roles):
            raise TypeError(f"{path} must ask for a role, or be public")
        self.needed_role = max(roles, key=list(Role).index) if roles else None
        # Named by the handler, so that no route that may change something can be forgotten.
        self.audit_action = (
            f"{self.tags[0]}.{self.name}".lower() if self.needed_role and self.methods != {"GET"} else ""
        )
        told: dict[str, Any] = {
            "requestBody": next(_said(self.dependant, "request_body"), None),
            "x-required-role": self.needed_role and str(self.needed_role),
            "x-audit-action": self.audit_action,
        }
        self.openapi_extra = {**(self.openapi_extra or {}), **{name: value for name, value in told.items() if value}}

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            identity = admit(request, self.needed_role) if self.needed_role is not None else None
            with about(**subject_of(request)), self._recorded(request, identity):
                return await handle(request)

        return guarded

    def _recorded(self, request: Request, identity: Identity | None) -> AbstractContextManager[None]:
        """Puts into the audit log what changes something."""
        if identity is None or not self.audit_action:
            return nullcontext()
        services: Services = request.app.state.services
        act = Act(
            group_id=identity.group_id,
            who=identity.name,
            role=identity.role,
            action=self.audit_action,
            target="/".join(str(part) for part in request.path_params.values()),
            request_id=request_id(request),
        )
        return services.audit.acting(act)


def _said(dependant: Dependant, attribute: str) -> Iterator[Any]:
    """What a handler and all that it depends on say under this name."""
    if (own := getattr(dependant.call, attribute, None)) is not None:
        yield own
    for one in dependant.dependencies:
        yield from _said(one, attribute)
