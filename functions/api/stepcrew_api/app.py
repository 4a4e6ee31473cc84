"""The FastAPI application."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Response
from fastapi.responses import HTMLResponse
from starlette.middleware.gzip import GZipMiddleware

from stepcrew.settings import Settings
from stepcrew_api import problems
from stepcrew_api.amp_shapes import AmpError
from stepcrew_api.batch_schemas import RowResultView
from stepcrew_api.bodies import SHAPES
from stepcrew_api.docs_page import DOCS_PAGE, DOCS_SCRIPT
from stepcrew_api.guarded import GuardedRoute
from stepcrew_api.routes import (
    amp,
    approvals,
    batches,
    budgets,
    connections,
    costs,
    crews,
    decision_links,
    executions,
    files,
    mcp,
    memory,
    meta,
    prices,
    projects,
    reruns,
    results,
    secrets,
    tools,
    traces,
    triggers,
    usage,
    webhooks,
)
from stepcrew_api.schemas import Problem
from stepcrew_api.services import Services
from stepcrew_api.version import VERSION
from stepcrew_api.views import PREFIX

GZIP_BYTES = 2_000
DESCRIPTION = "Runs CrewAI crews as executions: submit, follow, read the result. Every error is a problem document."


OTHER_SHAPES = (RowResultView, Problem, AmpError)
"""Of answers that routes name by reference only."""


class Api(FastAPI):
    """FastAPI, with the shapes the routes name only by reference in its document."""

    def openapi(self) -> dict[str, Any]:
        if not self.openapi_schema:
            document = super().openapi()
            schemas = document.setdefault("components", {}).setdefault("schemas", {})
            for model in (*SHAPES, *OTHER_SHAPES):
                made = model.model_json_schema(ref_template="#/components/schemas/{model}")
                schemas.update(made.pop("$defs", {}))
                schemas[model.__name__] = made
            document["components"]["securitySchemes"] = {
                "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            }
            document["security"] = [{"token": []}]
            self.openapi_schema = document
        return self.openapi_schema


def create_app(services: Services, settings: Settings) -> FastAPI:
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
    for group in (
        *(executions, reruns, traces, results, costs, approvals, decision_links, crews, projects),
        *(connections, memory, files, secrets, tools, triggers, batches, webhooks),
        *(prices, usage, budgets, amp, mcp, meta),
    ):
        if not all(isinstance(route, GuardedRoute) for route in group.router.routes):
            raise TypeError(f"{group.__name__} has a route that checks no role")
        app.include_router(group.router, prefix=PREFIX)

    @app.get("/api/docs", include_in_schema=False)
    def docs() -> HTMLResponse:  # pyright: ignore[reportUnusedFunction]
        return HTMLResponse(DOCS_PAGE)

    @app.get("/api/docs.js", include_in_schema=False)
    def docs_script() -> Response:  # pyright: ignore[reportUnusedFunction]
        return Response(DOCS_SCRIPT, media_type="text/javascript")

    return app
