"""No tool, MCP server or redirect reaches the inside of the platform: checked where a socket connects.

Checking names would not do: a name may resolve to another address at the next look-up, and a redirect may lead
anywhere. Python's audit events (PEP 578) show the real address of every connection of the process. Code that runs as
the platform's own (`trusted`) is let through to private addresses; requests to models are, to the addresses the
operator configured. What belongs to an attempt that is over connects to nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, ParamSpec, TypeVar, cast

from stepcrew.reach import PrivateAddress, addresses_of, check_reach
from stepcrew.settings import provider_settings

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

READ_BY_PYTHONS_CLIENT = ("http://export.arxiv.org/", "https://export.arxiv.org/")
"""What `urllib` may open: it serves one tool of the allow-list. Every other use of it would follow an address that came
out of a document, such as a `$ref` in the schema of an MCP server's tool."""

_trusted: ContextVar[bool] = ContextVar("stepcrew_trusted", default=False)
_asks_model: ContextVar[bool] = ContextVar("stepcrew_asks_model", default=False)
_operator: set[tuple[str, int]] = set()
_serves_project = False


class AttemptOver(ConnectionError):
    """Something of an attempt that is over tried to reach anything."""


class Reach:
    """What the code of one attempt may connect to: nothing any more once it is `shut`."""

    def __init__(self) -> None:
        self.is_shut = False

    def enter(self) -> None:
        """From here on the context, and what it starts, belongs to this attempt."""
        _reach.set(self)

    def shut(self) -> None:
        self.is_shut = True


_reach: ContextVar[Reach | None] = ContextVar("stepcrew_reach", default=None)


def allow_operator_endpoints(more: Iterable[str] = ()) -> None:
    """The endpoints the operator configured for models may be private, and so may `more`: the operator's connections,
    and the proxies in front of all of them. Their addresses are taken once, at start."""
    providers = provider_settings()
    urls = [*providers.endpoints, *more]
    if providers.calls_bedrock_itself:
        urls.append(f"https://bedrock-runtime.{providers.aws_region}.amazonaws.com")
    _operator.update(addresses_of(urls))


def serve_project() -> None:
    """From here on this process runs the code of one project of one group: it may use Python's own client, and its own
    model objects reach the operator's endpoints. What lies inside the platform stays closed."""
    global _serves_project
    _serves_project = True


_SENDING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


def _check(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "urllib.Request" and not _trusted.get() and not _serves_project:
        if not str(arguments[0]).startswith(READ_BY_PYTHONS_CLIENT):
            raise PrivateAddress("A crew follows no address that stands in a document.")
        return
    if event not in _SENDING or _trusted.get():
        return
    reach = _reach.get()
    if reach is not None and reach.is_shut:
        raise AttemptOver("The attempt is over: nothing of it may be sent any more.")
    target = arguments[1]
    if target is None:  # sent on a connection that was checked when it was made
        return
    if not isinstance(target, tuple):  # a socket of this machine (AF_UNIX), or of its kernel
        raise PrivateAddress("A crew reaches nothing on this machine.")
    host, port, *_ = cast("tuple[Any, ...]", target)
    may_ask = _asks_model.get() or _serves_project
    check_reach(str(host), port, _operator if may_ask else (), who="a crew")


@cache
def install_guard() -> None:
    """Once per process; an audit hook cannot be removed."""
    sys.addaudithook(_check)


@contextmanager
def trusted() -> Generator[None]:
    """The platform's own work in this context."""
    token = _trusted.set(True)
    try:
        yield
    finally:
        _trusted.reset(token)


def is_trusted() -> bool:
    """Whether this is the platform's own work."""
    return _trusted.get()


@contextmanager
def asking_model() -> Generator[None]:
    """While a client of a model sends its request."""
    token = _asks_model.set(True)
    try:
        yield
    finally:
        _asks_model.reset(token)


def as_platform(call: Callable[Arguments, Answer], *arguments: Arguments.args, **named: Arguments.kwargs) -> Answer:
    """Runs the platform's own code from inside a crew's context."""
    with trusted():
        return call(*arguments, **named)
