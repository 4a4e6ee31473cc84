"""The one web address of the local stack: the API under /api, the issuer under /auth, the console under /.

What API Gateway does in front of the functions is done here as far as the emulator does not: the expiry of a token is
required, a body has a limit, and what only concerns one connection is not passed on.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Iterable
from pathlib import Path

import httpx
import jwt
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from stepcrew_local.auth_routes import AuthRoutes
from stepcrew_local.identity import AUDIENCE, IDENTITIES, SCOPE, TokenIssuer
from stepcrew_local.origin_guard import OriginGuard
from stepcrew_local.site import Site

MAX_BODY_BYTES = 10 * 1024 * 1024
"""API Gateway's limit of a request's payload."""
API_SECONDS = 30
"""API Gateway's limit of an integration's time, plus a little, so that its own answer arrives first."""
PUBLIC = {("GET", "/api/v1/health"), ("GET", "/api/openapi.json"), ("GET", "/api/docs"), ("GET", "/api/docs.js")}
"""Routes without an authorizer; the template decides, this only avoids refusing them before it could."""
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
HOP_BY_HOP = {
    *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding"),
    *("upgrade", "content-length"),
}
DROPPED_FROM_ANSWERS = HOP_BY_HOP | {"date", "server"}


class ApiProxy:
    """Passes /api on to the HTTP API that the template describes."""

    def __init__(self, issuer: TokenIssuer) -> None:
        self._issuer = issuer
        self._target: str | None = None
        self._storage: str | None = None
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=32)
        self._client = httpx.AsyncClient(timeout=API_SECONDS + 5, limits=limits, trust_env=False)
        # What the caller did not send must not be sent in its name: it may not be able to read a compressed answer.
        self._client.headers.clear()

    def set_target(self, url: str, storage: str) -> None:
        """Where the HTTP API and the bucket answer; called when the template is deployed."""
        self._target, self._storage = url, storage

    async def __call__(self, request: Request) -> Response:
        if self._target is None:
            return JSONResponse({"message": "Service Unavailable"}, 503, {"retry-after": "1"})
        if request.method != "OPTIONS" and (request.method, request.url.path) not in PUBLIC:
            refusal = self._refusal(request)
            if refusal is not None:
                return refusal
        body = await _body_of(request)
        if body is None:
            return JSONResponse({"message": "Request Entity Too Large"}, 413, {"connection": "close"})
        return await self._forward(request, self._target, body)

    def _refusal(self, request: Request) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise jwt.InvalidTokenError("there is no bearer token")
            self._issuer.claims_of(token.strip())
        except jwt.InvalidTokenError as error:
            # The wording of API Gateway; the header says what its body keeps to itself.
            reason = str(error).replace('"', "'")
            challenge = f'Bearer scope="" error="invalid_token" error_description="{reason}"'
            return JSONResponse({"message": "Unauthorized"}, 401, {"www-authenticate": challenge})
        return None

    async def _forward(self, request: Request, target: str, body: bytes) -> Response:
        path = request.scope["raw_path"].decode("ascii").partition("?")[0]
        query = request.scope["query_string"].decode("ascii")
        headers = [(name, value) for name, value in request.headers.items() if name not in HOP_BY_HOP | {"origin"}]
        headers = [(name, value) for name, value in headers if not name.startswith("sec-fetch-")]
        outgoing = self._client.build_request(
            request.method, f"{target}{path}{'?' if query else ''}{query}", headers=headers, content=body or None
        )
        try:
            answer = await self._client.send(outgoing, stream=True)
            location = answer.headers.get("location", "")
            if answer.status_code == 307 and self._storage and location.startswith(f"{self._storage}/"):
                # A large payload in the bucket. On AWS the caller fetches it there; no page may reach the emulator.
                await answer.aclose()
                answer = await self._client.send(self._client.build_request("GET", location), stream=True)
        except httpx.TimeoutException:
            return JSONResponse({"message": "Endpoint request timed out"}, 504)
        except httpx.TransportError:
            return JSONResponse({"message": "Service Unavailable"}, 503, {"retry-after": "1"})
        response = StreamingResponse(answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose))
        response.raw_headers = [
            (name.lower(), value)
            for name, value in answer.headers.raw
            if name.lower().decode("latin-1") not in DROPPED_FROM_ANSWERS
            and not name.lower().startswith(b"access-control-")  # the emulator adds its own to everything
        ]
        return response

    async def close(self) -> None:
        await self._client.aclose()


async def _body_of(request: Request) -> bytes | None:
    """The whole body, or None when it is too large."""
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
        return None
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY_BYTES:
            return None
        parts.append(part)
    return b"".join(parts)


def console_settings(issuer: TokenIssuer) -> dict[str, object]:
    """What the console reads at `/config.json`: where to sign in, and as whom by one click."""
    return {
        "issuer": issuer.url,
        "client_id": AUDIENCE,
        "scope": SCOPE,
        "local": True,
        "identities": [{"name": one.name, "description": one.description} for one in IDENTITIES.values()],
    }


def make_gateway(issuer: TokenIssuer, api: ApiProxy, console: Path, origins: Iterable[str]) -> Starlette:
    """The application. `origins` are the addresses under which its own pages are opened."""
    site = Site(console)

    async def page(request: Request) -> Response:
        return site.answer(request.url.path)

    async def settings(_request: Request) -> Response:
        return JSONResponse(console_settings(issuer), headers={"cache-control": "no-cache"})

    async def api_root(request: Request) -> Response:
        return await api(request)

    async def no_such_auth_route(_request: Request) -> Response:
        return PlainTextResponse("Not found\n", 404)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        yield
        await api.close()

    return Starlette(
        lifespan=lifespan,
        routes=[
            Route("/api/{path:path}", api_root, methods=METHODS),
            Mount("/auth", routes=[*AuthRoutes(issuer).routes, Route("/{path:path}", no_such_auth_route)]),
            Route("/config.json", settings),
            Route("/{path:path}", page),
        ],
        middleware=[Middleware(OriginGuard, origins=tuple(origins))],
    )
