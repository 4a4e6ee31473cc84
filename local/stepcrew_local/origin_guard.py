"""Keeps web pages away from services on the loopback interface. Standard library only: the emulator loads it too.

A page from anywhere can make a browser send requests to 127.0.0.1, directly or through a name that its own DNS points
there. The first kind carries an Origin or Sec-Fetch-Site header, the second a foreign Host: both are refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


def host_name(host: str) -> str:
    """The name in a Host header, without the port."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()


def is_loopback(host: str) -> bool:
    name = host_name(host)
    return name in LOOPBACK_NAMES or name.endswith(".localhost")


class OriginGuard:
    """ASGI middleware that answers 403 to what a foreign web page may have sent.

    `origins` are the web origins whose pages may call; with none, every request that a browser marks as a page's is
    refused. Following a link from elsewhere (a navigation) is allowed only where pages are served, so with `origins`.
    """

    def __init__(self, app: App, origins: Iterable[str] = ()) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and not self._is_welcome(scope):
            await _refuse(scope, send)
            return
        await self._app(scope, receive, send)

    def _is_welcome(self, scope: Scope) -> bool:
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if host_name(headers.get("host", "")) not in LOOPBACK_NAMES:
            return False
        origin = headers.get("origin")
        if origin is not None:
            return origin in self._origins
        site = headers.get("sec-fetch-site")
        if not self._origins:
            return site is None
        is_navigation = headers.get("sec-fetch-mode") == "navigate" and scope.get("method") == "GET"
        return site in (None, "none", "same-origin") or is_navigation


async def _refuse(scope: Scope, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": b"Refused: this service answers its own machine only.\n"})
