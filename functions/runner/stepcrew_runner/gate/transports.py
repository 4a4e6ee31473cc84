"""Puts the gate where requests leave the process: httpx, sync and async, and botocore's and aiobotocore's sessions.

Everything that asks a model passes one of these: the clients of OpenAI and Anthropic use httpx, that of Bedrock
botocore or aiobotocore. So do guardrails, planners, converters of structured output and Python of a user's own.
Requests to any other address (an MCP server's) pass while the attempt goes on. The platform's own (`trusted`) are let
through.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import cache
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
from stepcrew_runner.gate.usage import Answer
from stepcrew_runner.isolation.addresses import is_trusted

_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)
_LAST = (b"\ndata: [DONE]", b"\nevent: message_stop")
"""How the last event of a stream begins (OpenAI, Anthropic). Clients may read no further, and close it."""


def install() -> None:
    """Before any crew; repeating it is harmless. The operator's model endpoints are taken now."""
    learn_endpoints()
    _put_in_place()


@cache
def _put_in_place() -> None:
    places: list[tuple[Any, str, Callable[[Any], Any]]] = [
        (httpx.HTTPTransport, "handle_request", _httpx),
        (httpx.AsyncHTTPTransport, "handle_async_request", _httpx_async),
        (botocore.httpsession.URLLib3Session, "send", _botocore),
        (aiobotocore.httpsession.AIOHTTPSession, "send", _aiobotocore),
    ]
    for owner, method, around in places:
        setattr(owner, method, around(getattr(owner, method)))


def _at_gate(method: str, url: str, body: bytes) -> JournalEntry | Passage:
    gate = current_gate()
    return gate.model(read_request(method, url, body, gate.journal.seal))


async def _at_gate_async(method: str, url: str, body: bytes) -> JournalEntry | Passage:
    """In a thread: it reads and writes the table, and may wait for other calls. A caller that gives up meanwhile (an
    agent's `max_execution_time`) holds no room in the limits."""
    asked = asyncio.ensure_future(asyncio.to_thread(_at_gate, method, url, body))
    try:
        return await asyncio.shield(asked)
    except asyncio.CancelledError:
        asked.add_done_callback(_give_back)
        raise


def _give_back(asked: asyncio.Future[JournalEntry | Passage]) -> None:
    if not asked.cancelled() and not asked.exception() and isinstance(found := asked.result(), Passage):
        found.unused()


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
        answer = found.answered(Answer(response.status_code, response.headers, body))
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
        found = await _at_gate_async(request.method, str(request.url), body)
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
        answer = await asyncio.to_thread(found.answered, Answer(response.status_code, response.headers, body))
        return response if answer.state is EntryState.LOST else _response(answer, request)

    return handle_async_request


def _response(entry: JournalEntry, request: httpx.Request) -> httpx.Response:
    return httpx.Response(entry.status, headers=_headers(entry), content=to_bytes(entry), request=request)


def _is_stream(response: httpx.Response) -> bool:
    return response.status_code < 400 and "event-stream" in response.headers.get("content-type", "")


class _Whole:
    """Collects a streamed answer as it passes, and hands it to the gate when it is whole: before the crew gets its last
    part, so that what the crew has seen to its end is written down."""

    def __init__(self, response: httpx.Response, passage: Passage) -> None:
        self._status, self._headers = response.status_code, response.headers
        self._passage = passage
        self._parts: list[bytes] = []
        self._tail = b""
        self._at_last = False
        self._is_kept = False

    def add(self, part: bytes) -> bool:
        """Whether the answer is whole with this part."""
        self._parts.append(part)
        self._tail = self._tail[-len(max(_LAST, key=len)) :] + part
        self._at_last = self._at_last or any(last in self._tail for last in _LAST)
        return self._at_last and self._tail.endswith((b"\n\n", b"\r\n\r\n"))

    def ended(self) -> None:
        if not self._is_kept:
            self._is_kept = True
            self._passage.answered(Answer(self._status, self._headers, self._body()))

    def closed(self) -> None:
        """Nobody reads any further. Repeating it is harmless."""
        if not self._is_kept and any(last in self._body() for last in _LAST):
            self.ended()
        self._passage.lost(may_be_billed=True)

    def _body(self) -> bytes:
        return httpx.Response(self._status, headers=self._headers, content=b"".join(self._parts)).read()


class _KeptStream(httpx.SyncByteStream):
    def __init__(self, response: httpx.Response, passage: Passage) -> None:
        assert isinstance(response.stream, httpx.SyncByteStream)
        self._inner = response.stream
        self._whole = _Whole(response, passage)

    def __iter__(self) -> Iterator[bytes]:
        for part in self._inner:
            if self._whole.add(part):
                self._whole.ended()
            yield part
        self._whole.ended()

    def close(self) -> None:
        try:
            self._whole.closed()
        finally:
            self._inner.close()


class _KeptAsyncStream(httpx.AsyncByteStream):
    def __init__(self, response: httpx.Response, passage: Passage) -> None:
        assert isinstance(response.stream, httpx.AsyncByteStream)
        self._inner = response.stream
        self._whole = _Whole(response, passage)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for part in self._inner:
            if self._whole.add(part):
                await asyncio.to_thread(self._whole.ended)
            yield part
        await asyncio.to_thread(self._whole.ended)

    async def aclose(self) -> None:
        try:
            await asyncio.to_thread(self._whole.closed)
        finally:
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
            return _aws(found, request.url)
        try:
            response = send(self, request)
            body = response.content  # an event stream too: it is read whole, then handed on
        except BaseException:
            found.lost(may_be_billed=True)
            raise
        answer = found.answered(Answer(response.status_code, response.headers, body))
        return response if answer.state is EntryState.LOST else _aws(answer, request.url)

    return guarded


def _aiobotocore(send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def guarded(self: Any, request: Any) -> Any:
        if is_trusted():
            return await send(self, request)
        if not is_models(request.url):
            current_gate().pass_by()
            return await send(self, request)
        found = await _at_gate_async(request.method, request.url, _bytes(request.body))
        if isinstance(found, JournalEntry):
            return _aio_aws(found, request.url)
        try:
            response = await send(self, request)
            body = await response.content
        except BaseException:
            found.lost(may_be_billed=True)
            raise
        answer = await asyncio.to_thread(found.answered, Answer(response.status_code, response.headers, body))
        return response if answer.state is EntryState.LOST else _aio_aws(answer, request.url)

    return guarded


class _Raw(io.BytesIO):
    """What botocore reads a body from: in one piece, in parts, or as a stream of events."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


class _AioRaw:
    """The same as `_Raw`, for aiobotocore."""

    def __init__(self, body: bytes, url: str) -> None:
        self._inner = io.BytesIO(body)
        self.content = self
        self.url = url

    async def read(self, amount: int = -1) -> bytes:
        return self._inner.read(amount)

    async def iter_chunks(self) -> AsyncIterator[tuple[bytes, bool]]:
        yield self._inner.read(), True

    def at_eof(self) -> bool:
        return self._inner.tell() == len(self._inner.getbuffer())

    def close(self) -> None:
        self._inner.close()


def _aws(entry: JournalEntry, url: str) -> AWSResponse:
    return AWSResponse(url, entry.status, _headers(entry), _Raw(to_bytes(entry)))


def _aio_aws(entry: JournalEntry, url: str) -> AioAWSResponse:
    return AioAWSResponse(url, entry.status, _headers(entry), _AioRaw(to_bytes(entry), url))


def _headers(entry: JournalEntry) -> Any:
    """The same for an answer that has just come and for one from the journal: the others are not kept."""
    return {"content-type": entry.content_type}


def _bytes(body: Any) -> bytes:
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    return b"" if body is None else bytes(body.read())
