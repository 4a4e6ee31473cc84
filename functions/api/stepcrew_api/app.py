"""The FastAPI application."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import Receive, Scope, Send

from stepcrew.settings import Settings
from stepcrew_api import problems
from stepcrew_api.docs_page import DOCS_PAGE, DOCS_SCRIPT
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.services import Services
from stepcrew_api.version import VERSION
from stepcrew_api.views import PREFIX

GZIP_BYTES = 2_000
DESCRIPTION = "Runs CrewAI crews as executions: submit, follow, read the result. Every error is a problem document."


MODULES = {
    "executions": ("executions", "reruns", "traces", "results", "costs", "diagnoses", "approvals"),
    "approvals": ("approvals",),
    "decision-links": ("decision_links",),
    "decide": ("decision_links",),
    "crews": ("crews",),
    "projects": ("projects", "project_reading"),
    "connections": ("connections",),
    "memory": ("memory",),
    "files": ("files",),
    "secrets": ("secrets",),
    "tools": ("tools",),
    "triggers": ("triggers",),
    "hooks": ("triggers",),
    "inbox": ("triggers",),
    "batches": ("batches",),
    "webhooks": ("webhooks",),
    "prices": ("prices",),
    "usage": ("usage",),
    "budgets": ("budgets",),
    "audit": ("audit",),
    "operator": ("operator",),
    "users": ("erasures",),
    "groups": ("erasures",),
    "erasures": ("erasures",),
    "amp": ("amp",),
    "mcp": ("mcp",),
    "health": ("meta",),
    "me": ("meta",),
    "schema": ("meta",),
}
"""First segment of a path below `PREFIX`, and the modules of `routes` that answer it."""


class Api(FastAPI):
    """FastAPI that imports the routes of a module at the first request for one of them: a function that starts for
    one request does not read the signatures of all. Its document has all of them."""

    def __init__(self, **options: Any) -> None:
        self._included: set[str] = set()
        self.answered_by: str | None = None
        """The route of the last request, as `GET /executions/{execution_id}`: its pattern, never the path that was
        asked for. Null where no route is known. A function has one request at a time."""
        super().__init__(**options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            segment = scope["path"].removeprefix(f"{PREFIX}/").partition("/")[0]
            self._include(*MODULES.get(segment, ()))
        try:
            await super().__call__(scope, receive, send)
        finally:
            self.answered_by = _pattern(scope.get("route"))

    def _include(self, *modules: str) -> None:
        for name in modules:
            if name not in self._included:
                router = import_module(f"stepcrew_api.routes.{name}").router
                if not all(isinstance(route, GuardedRoute) for route in router.routes):
                    raise TypeError(f"{name} has a route that checks no role")
                self.include_router(router, prefix=PREFIX)
                self._included.add(name)

    def openapi(self) -> dict[str, Any]:
        if not self.openapi_schema:
            self._include(*(module for modules in MODULES.values() for module in modules))
            document = super().openapi()
            from stepcrew_api.document import complete

            complete(document)
            self.openapi_schema = document
        return self.openapi_schema


def _pattern(route: object) -> str | None:
    if not isinstance(route, APIRoute):
        return None
    return f"{min(route.methods or [''])} {route.path_format.removeprefix(PREFIX)}"


def create_app(services: Services, settings: Settings) -> Api:
    app = Api(
        title="Stepcrew",
        version=VERSION,
        description=DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    app.state.settings = settings
    app.add_middleware(GZipMiddleware, minimum_size=GZIP_BYTES)
    problems.install(app)

    @app.get("/api/docs", include_in_schema=False)
    def docs() -> HTMLResponse:  # pyright: ignore[reportUnusedFunction]
        return HTMLResponse(DOCS_PAGE)

    @app.get("/api/docs.js", include_in_schema=False)
    def docs_script() -> Response:  # pyright: ignore[reportUnusedFunction]
        return Response(DOCS_SCRIPT, media_type="text/javascript")

    return app
