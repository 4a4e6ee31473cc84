# pyright: reportPrivateUsage=false
"""Every private name that the runner touches of the clients with which CrewAI asks models."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from typing import Any, cast

import httpx
from crewai.utilities.agent_utils import is_context_length_exceeded

from stepcrew_runner.crew.seams import SeamMissing, require, wrap

CLIENTS = ("_client", "_async_client")
BUILDERS = ("_build_sync_client", "_build_async_client", "_ensure_async_client")

Transports = Callable[[Any], Any]
"""What stands in place of a transport of httpx (`BaseTransport` or `AsyncBaseTransport`)."""


def on_every_client(model: Any, transport: Transports, sending: Callable[[], AbstractContextManager[None]]) -> None:
    """Requests of the clients of a model object of CrewAI, and of those that objects of its class make from now on, go
    through `transport` (httpx) or inside `sending` (botocore, aiobotocore). Raises `SeamMissing`."""
    kind = cast("type[Any]", type(model))
    for name in CLIENTS:
        require(kind, name, "requests to the operator's models could not be told from others")

    def on_built(build: Callable[..., Any]) -> Callable[..., Any]:
        def built(self: Any) -> Any:
            made = build(self)
            return _later(made, mark) if inspect.isawaitable(made) else mark(made)

        return built

    def mark(client: Any) -> Any:
        return _on_client(client, transport, sending)

    builders = [name for name in BUILDERS if hasattr(kind, name)]
    if len(builders) < len(CLIENTS):
        raise SeamMissing(f"CrewAI builds clients of {kind.__name__} in another way. See crew/client_seams.py.")
    for name in builders:
        owner = next(base for base in kind.__mro__ if name in base.__dict__)
        wrap(owner, name, on_built)
    for name in CLIENTS:
        mark(getattr(model, name))


async def _later(made: Awaitable[Any], then: Callable[[Any], Any]) -> Any:
    return then(await made)


def _on_client(client: Any, transport: Transports, sending: Callable[[], AbstractContextManager[None]]) -> Any:
    if client is None:
        return None
    inner, endpoint = getattr(client, "_client", None), getattr(client, "_endpoint", None)
    if isinstance(inner, httpx.Client | httpx.AsyncClient):
        untyped: Any = inner
        if not getattr(untyped._transport, "is_ours", False):
            untyped._transport, untyped._mounts = transport(untyped._transport), {}
    elif endpoint is not None:
        session = endpoint.http_session
        if not getattr(session, "is_marked", False):
            session.is_marked, session.send = True, _sending(session.send, sending)
    else:
        raise SeamMissing(f"A client {type(client).__name__} of a model sends its requests in another way.")
    return client


def _sending(send: Callable[[Any], Any], context: Callable[[], AbstractContextManager[None]]) -> Callable[[Any], Any]:
    """For both: what is awaited began in the same context."""

    def sent(request: Any) -> Any:
        with context():
            found = send(request)
        return awaited(found) if inspect.isawaitable(found) else found

    async def awaited(found: Awaitable[Any]) -> Any:
        with context():
            return await found

    return sent


def tell_of_long_conversations(bedrock: Any) -> None:
    """CrewAI's client of Bedrock tells of every call that failed, except of one that was too long for the model."""
    for name in ("_handle_converse", "_emit_call_failed_event"):
        require(bedrock, name, "the trace would miss a refused model call")
    handle = bedrock._handle_converse

    def telling(messages: Any, body: Any, *others: Any) -> Any:
        try:
            return handle(messages, body, *others)
        except Exception as error:
            if is_context_length_exceeded(error):
                _, task, agent, *_ = others  # available functions, task, agent, response model
                bedrock._emit_call_failed_event(f"AWS Bedrock API call failed: {error}", task, agent)
            raise

    object.__setattr__(bedrock, "_handle_converse", telling)
