"""The operator's proxies: the way of requests to models alone. Tools and servers of a crew are reached directly, so
that their addresses can be looked at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib import request
from weakref import WeakKeyDictionary

import httpx

_by_scheme: dict[str, str] = {}
_proxied: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()
"""By the transport of a client, because an asynchronous one belongs to its event loop."""


def use_proxies(taken: Mapping[str, str]) -> list[str]:
    """Once per process, before any crew: those of the environment by scheme (`http`, `https`, `all`); `no` lists the
    hosts that are asked directly. Answers their addresses."""
    _by_scheme.clear()
    _by_scheme.update(taken)
    return [proxy for scheme, proxy in taken.items() if scheme != "no"]


def way_of(transport: Any, url: httpx.URL) -> Any:
    """The transport of httpx that sends a request to a model: through a proxy, where there is one for the address."""
    proxy = _by_scheme.get(url.scheme) or _by_scheme.get("all")
    python: Any = request  # its type stubs do not name the function
    if not proxy or python.proxy_bypass_environment(url.host, _by_scheme):
        return transport
    ways = _proxied.setdefault(transport, {})
    if proxy not in ways:
        kind = httpx.HTTPTransport if isinstance(transport, httpx.HTTPTransport) else httpx.AsyncHTTPTransport
        ways[proxy] = kind(proxy=proxy)
    return ways[proxy]
