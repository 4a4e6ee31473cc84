"""Puts the gate where requests leave the process: httpx, sync and async, and botocore's and aiobotocore's sessions.

Everything that asks a model passes one of these: the clients of OpenAI and Anthropic use httpx, that of Bedrock
botocore or aiobotocore. So do guardrails, planners, converters of structured output and Python of a user's own.
Requests to any other address (an MCP server's) pass while the attempt goes on. The platform's own (`trusted`) are let
through.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import aiobotocore.httpsession
import botocore.httpsession
import httpx
from aiobotocore.awsrequest import AioAWSResponse
from botocore.awsrequest import AWSResponse

from stepcrew.domain.journal import EntryState, JournalEntry
from stepcrew_runner.gate.gate import Passage
from stepcrew_runner.gate.journal import to_bytes
from stepcrew_runner.gate.requests import is_models, learn_endpoints, read_request
from stepcrew_runner.gate.scope import current_gate
from stepcrew_runner.isolation.addresses import is_trusted

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_installed = False


def install() -> None:
    """Once per process, before any crew. The operator's model endpoints are taken now."""
    global _installed
    learn_endpoints()
    if _installed:
        return
    _installed = True
    places: list[tuple[Any, str, Callable[[Any], Any]]] = [
        (httpx.HTTPTransport, "handle_request", _httpx),
        (httpx.AsyncHTTPTransport, "handle_async_request", _httpx_async),
        (botocore.httpsession.URLLib3Session, "send", _botocore),
        (aiobotocore.httpsession.AIOHTTPSession, "send", _aiobotocore),
    ]
    for owner, method, around in places:
        setattr(owner, method, around(getattr(owner, method)))


def _at_gate(method: str, url: str, body: bytes) -> JournalEntry | Passage:
    return current_gate().model(read_request(method, url, body))


def _httpx(send: Callable[..., httpx.Response]) -> Callable[..., httpx.Response]:
    def handle_request(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        if is_trusted():
            return send(self, request)
        if not is_models(str(request.url)):
            current_gate().pass_by()
            return send(self, request)
        found = _at_gate(request.method, str(request.url), request.read())
        if isinstance(found, JournalEntry):
            return _response(found, request)
        try:
            response = send(self, request)
            if _is_stream(response):
                response.stream = _KeptStream(response, found)
                return response
            body = response.read()
        except BaseException as error:
            found.lost(may_be_billed=not isinstance(error, _NOT_SENT))
            raise
        answer = found.answered(response.status_code, response.headers.get("content-type", ""), body)
        return response if answer.state is EntryState.LOST else _response(answer, request)

    return handle_request


def _httpx_async(send: Callable[..., Awaitable[httpx.Response]]) -> Callable[..., Awaitable[httpx.Response]]:
    async def handle_async_request(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        if is_trusted():
            return await send(self, request)
        if not is_models(str(request.url)):
            current_gate().pass_by()
            return await send(self, request)
        body = await request.aread()
        # In a thread: it reads and writes the table, and may wait for other calls.
        found = await asyncio.to_thread(_at_gate, request.method, str(request.url), body)
        if isinstance(found, JournalEntry):
            return _response(found, request)
        try:
            response = await send(self, request)
            if _is_stream(response):
                response.stream = _KeptAsyncStream(response, found)
                return response
            body = await response.aread()
        except BaseException as error:
            found.lost(may_be_billed=not isinstance(error, _NOT_SENT))
            raise
        kind = response.headers.get("content-type", "")
        answer = await asyncio.to_thread(found.answered, response.status_code, kind, body)
        return response if answer.state is EntryState.LOST else _response(answer, request)

    return handle_async_request


def _response(entry: JournalEntry, request: httpx.Request) -> httpx.Response:
    """The same for an answer that has just come and for one from the journal: headers are not kept."""
    headers = {"content-type": entry.content_type}
    return httpx.Response(entry.status, headers=headers, content=to_bytes(entry), request=request)


def _is_stream(response: httpx.Response) -> bool:
    return response.status_code < 400 and "event-stream" in response.headers.get("content-type", "")


class _Whole:
    """Collects a streamed answer as it passes, and hands it to the gate when it is whole."""

    def __init__(self, response: httpx.Response, passage: Passage) -> None:
        self._status, self._headers = response.status_code, response.headers
        self._passage = passage
        self._parts: list[bytes] = []

    def add(self, part: bytes) -> bytes:
        self._parts.append(part)
        return part

    def ended(self) -> None:
        body = httpx.Response(self._status, headers=self._headers, content=b"".join(self._parts)).read()
        self._passage.answered(self._status, self._headers.get("content-type", ""), body)

    def broken(self) -> None:
        """Repeating it is harmless."""
        self._passage.lost(may_be_billed=True)


class _KeptStream(httpx.SyncByteStream):
    def __init__(self, response: httpx.Response, passage: Passage) -> None:
        assert isinstance(response.stream, httpx.SyncByteStream)
        self._inner = response.stream
        self._whole = _Whole(response, passage)

    def __iter__(self) -> Iterator[bytes]:
        for part in self._inner:
            yield self._whole.add(part)
        self._whole.ended()

    def close(self) -> None:
        self._whole.broken()
        self._inner.close()


class _KeptAsyncStream(httpx.AsyncByteStream):
    def __init__(self, response: httpx.Response, passage: Passage) -> None:
        assert isinstance(response.stream, httpx.AsyncByteStream)
        self._inner = response.stream
        self._whole = _Whole(response, passage)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._inner:
            yield self._whole.add(part)
        await asyncio.to_thread(self._whole.ended)

    async def aclose(self) -> None:
        await asyncio.to_thread(self._whole.broken)
        await self._inner.aclose()


def _botocore(send: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: Any, request: Any) -> Any:
        if is_trusted():
            return send(self, request)
        if not is_models(request.url):
            current_gate().pass_by()
            return send(self, request)
        found = _at_gate(request.method, request.url, _bytes(request.body))
        if isinstance(found, JournalEntry):
            return _aws(AWSResponse, found, request.url)
        try:
            response = send(self, request)
            body = response.content  # an event stream too: it is read whole, then handed on
        except BaseException:
            found.lost(may_be_billed=True)
            raise
        answer = found.answered(response.status_code, response.headers.get("content-type", ""), body)
        return response if answer.state is EntryState.LOST else _aws(AWSResponse, answer, request.url)

    return guarded


def _aiobotocore(send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def guarded(self: Any, request: Any) -> Any:
        if is_trusted():
            return await send(self, request)
        if not is_models(request.url):
            current_gate().pass_by()
            return await send(self, request)
        found = await asyncio.to_thread(_at_gate, request.method, request.url, _bytes(request.body))
        if isinstance(found, JournalEntry):
            return _aws(AioAWSResponse, found, request.url)
        try:
            response = await send(self, request)
            body = await response.content
        except BaseException:
            found.lost(may_be_billed=True)
            raise
        kind = response.headers.get("content-type", "")
        answer = await asyncio.to_thread(found.answered, response.status_code, kind, body)
        return response if answer.state is EntryState.LOST else _aws(AioAWSResponse, answer, request.url)

    return guarded


class _Raw:
    """What botocore reads an answer from."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._body


def _aws(kind: type[Any], entry: JournalEntry, url: str) -> Any:
    body = to_bytes(entry)
    response = kind(url, entry.status, {"content-type": entry.content_type}, _Raw(body))
    response._content = body
    return response


def _bytes(body: Any) -> bytes:
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    return b"" if body is None else bytes(body.read())
