"""The clients with which CrewAI asks models, marked: theirs are the only requests that may go to addresses the operator
configured, and through the operator's proxies.

Marked where CrewAI makes them (`_build_sync_client`, `_build_async_client`, `_ensure_async_client` of its providers,
1.15.30), because a request does not tell what it is for: a crew may name a server at the same address.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, cast
from urllib import request

import httpx

from stepcrew_runner.isolation.addresses import asking_model


class OperatorProxies:
    """By scheme, as taken from the environment; `no` lists the hosts that are asked directly."""

    def __init__(self, taken: Mapping[str, str]) -> None:
        self._taken = dict(taken)

    def of(self, url: httpx.URL) -> str | None:
        """Raises nothing; None is the direct way."""
        proxy = self._taken.get(url.scheme) or self._taken.get("all")
        python: Any = request  # its type stubs do not name the function
        return None if not proxy or python.proxy_bypass_environment(url.host, self._taken) else proxy

    def addresses(self) -> list[str]:
        return [proxy for scheme, proxy in self._taken.items() if scheme != "no"]


class ModelTransport(httpx.BaseTransport):
    """In place of an httpx client's own."""

    def __init__(self, direct: httpx.BaseTransport, proxies: OperatorProxies) -> None:
        self._direct = direct
        self._proxies = proxies
        self._by_proxy: dict[str, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        proxy = self._proxies.of(request.url)
        if proxy and proxy not in self._by_proxy:
            self._by_proxy[proxy] = httpx.HTTPTransport(proxy=proxy)
        with asking_model():
            return (self._by_proxy[proxy] if proxy else self._direct).handle_request(request)

    def close(self) -> None:
        for transport in (self._direct, *self._by_proxy.values()):
            transport.close()


class AsyncModelTransport(httpx.AsyncBaseTransport):
    """The same for asynchronous clients."""

    def __init__(self, direct: httpx.AsyncBaseTransport, proxies: OperatorProxies) -> None:
        self._direct = direct
        self._proxies = proxies
        self._by_proxy: dict[str, httpx.AsyncHTTPTransport] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        proxy = self._proxies.of(request.url)
        if proxy and proxy not in self._by_proxy:
            self._by_proxy[proxy] = httpx.AsyncHTTPTransport(proxy=proxy)
        with asking_model():
            return await (self._by_proxy[proxy] if proxy else self._direct).handle_async_request(request)

    async def aclose(self) -> None:
        for transport in (self._direct, *self._by_proxy.values()):
            await transport.aclose()


_proxies = OperatorProxies({})
_marked_kinds: set[type] = set()


def use_proxies(proxies: OperatorProxies) -> None:
    """Once per process, before any crew."""
    global _proxies
    _proxies = proxies


def mark_clients(model: Any) -> None:
    """Marks the clients of a model object of CrewAI, and all that objects of its class make from now on."""
    kind: Any = cast("Any", type(model))
    if kind not in _marked_kinds:
        _marked_kinds.add(kind)
        for name in ("_build_sync_client", "_build_async_client"):
            if build := getattr(kind, name, None):
                setattr(kind, name, _building(build))
        if ensure := getattr(kind, "_ensure_async_client", None):
            setattr(kind, "_ensure_async_client", _ensuring(ensure))  # noqa: B010 - unknown to type checkers
    for name in ("_client", "_async_client"):
        _mark(getattr(model, name, None))


def _building(build: Any) -> Any:
    def build_marked(self: Any) -> Any:
        return _mark(build(self))

    return build_marked


def _ensuring(ensure: Any) -> Any:
    async def ensure_marked(self: Any) -> Any:
        return _mark(await ensure(self))

    return ensure_marked


def _mark(client: Any) -> Any:
    inner = getattr(client, "_client", None)
    if isinstance(inner, httpx.Client | httpx.AsyncClient):
        untyped: Any = inner
        if not isinstance(untyped._transport, ModelTransport | AsyncModelTransport):
            kind = ModelTransport if isinstance(inner, httpx.Client) else AsyncModelTransport
            untyped._transport, untyped._mounts = kind(untyped._transport, _proxies), {}
    elif endpoint := getattr(client, "_endpoint", None):  # of botocore or aiobotocore
        session = endpoint.http_session
        if not getattr(session, "is_marked", False):
            session.is_marked, session.send = True, _sending(session.send)
    return client


def _sending(send: Any) -> Any:
    """For both: what is awaited began in the same context."""

    def send_marked(request: Any) -> Any:
        with asking_model():
            found = send(request)
        return _awaited(found) if inspect.isawaitable(found) else found

    return send_marked


async def _awaited(found: Any) -> Any:
    with asking_model():
        return await found
