"""No tool, MCP server or redirect reaches the inside of the platform: checked where a socket connects.

Checking names would not do: a name may resolve to another address at the next look-up, and a redirect may lead
anywhere. Python's audit event `socket.connect` sees the real address of every connection of the process. Only code that
runs as the platform's own (`trusted`) and the operator's model endpoints are let through to private addresses.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar, cast
from urllib.parse import urlsplit

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

_trusted: ContextVar[bool] = ContextVar("stepcrew_trusted", default=False)
_operator: set[tuple[str, int]] = set()
NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
ENDPOINT_VARIABLES = ("OPENAI_BASE_URL", "OPENAI_API_BASE", "ANTHROPIC_BASE_URL", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME")


class PrivateAddress(ConnectionError):
    """A crew tried to reach an address inside the platform."""


def is_public(host: str) -> bool:
    """False for every address that is not plainly on the public internet."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or _behind_nat64(address)
        return address.is_global and not address.is_multicast if inner is None else is_public(str(inner))
    return address.is_global and not address.is_multicast


def _behind_nat64(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None


def allow_operator_endpoints() -> None:
    """The endpoints the operator configured for models may be private; their addresses are taken once, at start."""
    region = os.environ.get("AWS_REGION", "us-east-1")
    urls = [os.environ.get(name, "") for name in ENDPOINT_VARIABLES]
    for url in [*urls, f"https://bedrock-runtime.{region}.amazonaws.com" if _bedrock_is_configured() else ""]:
        parts = urlsplit(url)
        if parts.hostname:
            port = parts.port or (443 if parts.scheme == "https" else 80)
            try:
                found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
            except OSError:
                continue  # the model call itself will say so
            _operator.update((str(entry[4][0]), port) for entry in found)


def _bedrock_is_configured() -> bool:
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ and "AWS_ENDPOINT_URL" not in os.environ


_SENDING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


def _check(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "urllib.Request" and not _trusted.get():
        # The schema of an MCP server's tool may refer to a file; what is read would be shown to the model.
        if not str(arguments[0]).startswith(("http://", "https://")):
            raise PrivateAddress("A crew can read nothing but web addresses.")
        return
    if event not in _SENDING or _trusted.get():
        return
    target = arguments[1]
    if isinstance(target, tuple):
        host, port = str(cast("tuple[Any, ...]", target)[0]), int(cast("tuple[Any, ...]", target)[1])
        if not is_public(host) and (host, port) not in _operator:
            raise PrivateAddress(f"The address {host} is inside the platform and cannot be reached by a crew.")


_installed = False


def install_guard() -> None:
    """Once per process; an audit hook cannot be removed."""
    global _installed
    if not _installed:
        sys.addaudithook(_check)
        _installed = True


@contextmanager
def trusted() -> Generator[None]:
    """The platform's own work in this context."""
    token = _trusted.set(True)
    try:
        yield
    finally:
        _trusted.reset(token)


def as_platform(call: Callable[Arguments, Answer], *arguments: Arguments.args, **named: Arguments.kwargs) -> Answer:
    """Runs the platform's own code from inside a crew's context."""
    with trusted():
        return call(*arguments, **named)
