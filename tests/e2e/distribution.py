"""Stands in for the console's CloudFront distribution: /config.json from the bucket, /api/* passed on to the HTTP API.

The tokens are checked by the API's own authorizer in the emulator, as on AWS.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Generator

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from stepcrew_local.gateway import METHODS, ApiProxy
from stepcrew_local.ports import LOOPBACK, listen
from stepcrew_local.serving import served
from stepcrew_local.stack import Stack


@contextlib.contextmanager
def distribution(stack: Stack) -> Generator[str]:
    """The address people open the console under."""
    api = ApiProxy(lambda _token: None)
    api.set_target(stack.api_target)

    async def settings(_request: Request) -> Response:
        return Response(stack.outputs["ConsoleSettings"], media_type="application/json")

    async def pass_on(request: Request) -> Response:
        return await api(request)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        yield
        await api.close()

    routes = [Route("/config.json", settings), Route("/api/{path:path}", pass_on, methods=METHODS)]
    with contextlib.closing(listen(0)) as listener, served(Starlette(routes=routes, lifespan=lifespan), listener):
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
