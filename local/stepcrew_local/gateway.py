"""The one web address of the local stack: the API under /api, the issuer under /auth, the console under /.

What API Gateway does in front of the functions is done here as far as the emulator does not: only the API's own
paths and what a function may see of a request are passed on (front_door.py), the expiry of a token is required, and a
body has a limit.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx
import jwt
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from stepcrew_local.auth_routes import AuthRoutes
from stepcrew_local.front_door import HOP_BY_HOP, ApiRoute, is_api_path, is_too_large, passed_on, route_of
from stepcrew_local.identity import AUDIENCE, IDENTITIES, SCOPE, TokenIssuer
from stepcrew_local.origin_guard import OriginGuard
from stepcrew_local.projects import LocalProjects
from stepcrew_local.site import Site

FILES = "/local/files/"
"""Where the signed addresses of files lead: uploads and downloads pass the API by, as on AWS."""
MAX_BODY_BYTES = 10 * 1024 * 1024
"""API Gateway's limit of a request's payload."""
API_SECONDS = 30
"""API Gateway's limit of an integration's time, plus a little, so that its own answer arrives first."""
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
DROPPED_FROM_ANSWERS = HOP_BY_HOP | {b"date", b"server"}


@dataclass(frozen=True)
class ApiTarget:
    """The deployed HTTP API.

    Attributes:
        url: its address in the emulator.
        routes: its routes.
        payloads: what the addresses of payloads that the API signs begin with.
        files: the same of files. No page may reach the emulator, so answers name the gateway's own address instead.
        own_headers: what tells the emulator that this gateway asks.
    """

    url: str
    routes: tuple[ApiRoute, ...]
    payloads: str
    files: str
    own_headers: Mapping[str, str]


class ApiProxy:
    """Passes /api on to the HTTP API that the template describes.

    `check` raises jwt.InvalidTokenError for a token that API Gateway would refuse and the emulator would not.
    """

    def __init__(self, check: Callable[[str], object]) -> None:
        self._check = check
        self._target: ApiTarget | None = None
        limits = httpx.Limits(max_connections=64, max_keepalive_connections=32)
        self._client = httpx.AsyncClient(timeout=API_SECONDS + 5, limits=limits, trust_env=False)
        # What the caller did not send must not be sent in its name: it may not be able to read a compressed answer.
        self._client.headers.clear()

    def set_target(self, target: ApiTarget) -> None:
        """Where the HTTP API answers; called when the template is deployed."""
        self._target = target

    async def __call__(self, request: Request) -> Response:
        raw_path: bytes = request.scope["raw_path"].partition(b"?")[0]
        headers = request.headers.raw
        if is_too_large(request.method, raw_path, request.scope["query_string"], headers):
            return JSONResponse({"message": "Request Header Fields Too Large"}, 431, {"connection": "close"})
        if not is_api_path(raw_path):
            return JSONResponse({"message": "Bad Request"}, 400)
        if self._target is None:
            return _unavailable()
        route = route_of(self._target.routes, request.method, request.url.path)
        if route is None:
            return JSONResponse({"message": "Not Found"}, 404)
        if route.needs_token:
            refusal = self._refusal(request)
            if refusal is not None:
                return refusal
        body = await _body_of(request)
        if body is None:
            return JSONResponse({"message": "Request Entity Too Large"}, 413, {"connection": "close"})
        return await self._forward(request, raw_path, self._target, body)

    def _refusal(self, request: Request) -> Response | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        try:
            if scheme.lower() != "bearer":
                raise jwt.InvalidTokenError("there is no bearer token")
            self._check(token.strip())
        except jwt.InvalidTokenError as error:
            # The wording of API Gateway; the header says what its body keeps to itself.
            reason = str(error).replace('"', "'")
            challenge = f'Bearer scope="" error="invalid_token" error_description="{reason}"'
            return JSONResponse({"message": "Unauthorized"}, 401, {"www-authenticate": challenge})
        return None

    async def _forward(self, request: Request, raw_path: bytes, target: ApiTarget, body: bytes) -> Response:
        query: bytes = request.scope["query_string"]
        headers = [(name, value) for name, value in passed_on(request.headers.raw) if name != b"origin"]
        headers += [(name.encode(), value.encode()) for name, value in target.own_headers.items()]
        url = target.url + (raw_path + (b"?" if query else b"") + query).decode("latin-1")
        outgoing = self._client.build_request(request.method, url, headers=headers, content=body or None)
        if not outgoing.url.raw_path.startswith(httpx.URL(target.url).raw_path + b"/api"):
            return JSONResponse({"message": "Bad Request"}, 400)
        try:
            answer = await self._client.send(outgoing, stream=True)
            location = await _address_in(answer)
            if location.startswith(target.payloads):
                # A large payload in the bucket. On AWS the caller fetches it there; no page may reach the emulator.
                await answer.aclose()
                answer = await self._client.send(self._client.build_request("GET", location), stream=True)
        except httpx.TimeoutException:
            return JSONResponse({"message": "Endpoint request timed out"}, 504)
        except httpx.TransportError:
            return _unavailable()
        if request.url.path.startswith("/api/v1/files/"):
            text = (await answer.aread()).replace(target.files.encode(), f"{request.base_url}{FILES[1:]}".encode())
            return _passed_back(Response(text, answer.status_code), answer, {b"content-length", b"content-encoding"})
        body_of_answer = StreamingResponse(
            answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose)
        )
        return _passed_back(body_of_answer, answer)

    async def file(self, request: Request) -> Response:
        """Passes a request with a signed address on to the bucket, whatever its size."""
        if self._target is None:
            return _unavailable()
        raw_path, query = request.scope["raw_path"].partition(b"?")[0].decode("latin-1"), request.scope["query_string"]
        kept = ("content-length", "content-type", "range", "x-amz-checksum-sha256")
        headers = {name: value for name in kept if (value := request.headers.get(name))}
        url = f"{self._target.files}{raw_path.removeprefix(FILES)}?{query.decode('latin-1')}"
        outgoing = self._client.build_request(
            request.method, url, headers=headers, content=request.stream() if request.method == "PUT" else None
        )
        if not str(outgoing.url).startswith(self._target.files):
            return JSONResponse({"message": "Bad Request"}, 400)
        answer = await self._client.send(outgoing, stream=True)
        given = StreamingResponse(answer.aiter_raw(), answer.status_code, background=BackgroundTask(answer.aclose))
        given = _passed_back(given, answer)
        given.headers["x-content-type-options"] = "nosniff"
        return given

    async def close(self) -> None:
        await self._client.aclose()


def _unavailable() -> Response:
    return JSONResponse({"message": "Service Unavailable"}, 503, {"retry-after": "1"})


Passed = TypeVar("Passed", bound=Response)


def _passed_back(response: Passed, answer: httpx.Response, left_out: Set[bytes] = frozenset()) -> Passed:
    """The response with the headers of the answer, but those of the connection and what the emulator adds."""
    own = [header for header in response.raw_headers if header[0] in left_out]
    response.raw_headers = own + [
        (name.lower(), value)
        for name, value in answer.headers.raw
        if name.lower() not in DROPPED_FROM_ANSWERS | left_out and not name.lower().startswith(b"access-control-")
    ]
    return response


async def _address_in(answer: httpx.Response) -> str:
    """Where the API says that a large payload is; empty for every other answer."""
    if answer.status_code == 307:
        return str(answer.headers.get("location", ""))
    if answer.headers.get("content-type", "").startswith("text/uri-list"):
        return (await answer.aread()).decode()
    return ""


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


def make_gateway(
    issuer: TokenIssuer, api: ApiProxy, projects: LocalProjects, console: Path, origins: Iterable[str]
) -> Starlette:
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
            Route(FILES + "{path:path}", api.file, methods=["GET", "PUT"]),
            Route("/local/{kind}/{name}", projects.deploy, methods=["POST"]),
            Route("/local/{kind}/{name}", projects.remove, methods=["DELETE"]),
            Mount("/auth", routes=[*AuthRoutes(issuer).routes, Route("/{path:path}", no_such_auth_route)]),
            Route("/config.json", settings),
            Route("/{path:path}", page),
        ],
        middleware=[Middleware(OriginGuard, origins=tuple(origins))],
    )
