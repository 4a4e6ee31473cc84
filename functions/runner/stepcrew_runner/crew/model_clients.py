"""The clients with which CrewAI asks models, marked: theirs are the only requests that may go to addresses the operator
configured, and through the operator's proxies.

Marked where CrewAI makes them, because a request does not tell what it is for: a crew may name a server at the same
address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib import request

import httpx

from stepcrew_runner.crew.client_seams import on_every_client
from stepcrew_runner.isolation.addresses import asking_model


class OperatorProxies:
    """The operator's proxies by scheme, as taken from the environment; `no` lists the hosts that are asked directly."""

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
    """Takes the place of an httpx client's own transport."""

    is_ours = True

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
    """The same as `ModelTransport`, for asynchronous clients."""

    is_ours = True

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


def use_proxies(proxies: OperatorProxies) -> None:
    """Once per process, before any crew."""
    global _proxies
    _proxies = proxies


def mark_clients(model: Any) -> None:
    """Marks the clients of a model object of CrewAI, and all that objects of its class make from now on."""
    on_every_client(model, _transport, asking_model)


def _transport(direct: httpx.BaseTransport | httpx.AsyncBaseTransport) -> ModelTransport | AsyncModelTransport:
    is_sync = isinstance(direct, httpx.BaseTransport)
    return ModelTransport(direct, _proxies) if is_sync else AsyncModelTransport(direct, _proxies)
