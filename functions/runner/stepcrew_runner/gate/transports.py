"""Puts the gate where requests leave the process: httpx, sync and async, and botocore's and aiobotocore's sessions.

Everything that asks a model passes one of these: the clients of OpenAI and Anthropic use httpx, that of Bedrock
botocore or aiobotocore. So do guardrails, planners, converters of structured output and Python of a user's own.
Requests to any other address (an MCP server's) pass while the attempt goes on. The platform's own (`trusted`) are let
through.
"""

from __future__ import annotations

import asyncio
import inspect
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

import httpx
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError
from botocore.httpsession import URLLib3Session
from wrapt import register_post_import_hook

from stepcrew.domain.journal import EntryState, JournalEntry
from stepcrew_runner.gate.gate import Passage
from stepcrew_runner.gate.journal import to_bytes
from stepcrew_runner.gate.proxies import way_of
from stepcrew_runner.gate.requests import is_models, learn_endpoints, read_request
from stepcrew_runner.gate.scope import current_gate
from stepcrew_runner.gate.usage import Answer
from stepcrew_runner.isolation.addresses import is_trusted

_NOT_SENT = (
    *(httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol),
    *(ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError),
)
_LAST = (b"\ndata: [DONE]", b"\nevent: message_stop")
"""How the last event of a stream begins (OpenAI, Anthropic). Clients may read no further, and close it."""


def install() -> None:
    """Before any crew; repeating it is harmless. The operator's model endpoints are taken now."""
    learn_endpoints()
    _put_in_place()


@cache
def _put_in_place() -> None:
    _guard(httpx.HTTPTransport, _HTTPX)
    _guard(httpx.AsyncHTTPTransport, _HTTPX_ASYNC)
    _guard(URLLib3Session, _BOTOCORE)
    # Few crews need it, and it takes long to import.
    register_post_import_hook(lambda module: _guard(module.AIOHTTPSession, _AIOBOTOCORE), "aiobotocore.httpsession")


def _guard(owner: Any, library: _Library) -> None:
    send = getattr(owner, library.method)
    around = _guarded_async if inspect.iscoroutinefunction(send) else _guarded
    setattr(owner, library.method, around(send, library))


def _at_gate(method: str, url: str, body: bytes) -> JournalEntry | Passage:
    gate = current_gate()
    return gate.model(read_request(method, url, body, gate.journal.seal, gate.prices, gate.endpoints))


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


class _Library(NamedTuple):
    """How a library shows requests and answers; what is awaited where its sending is awaited. `stream` hands a streamed
    answer to the crew while it comes in, and answers whether it was one."""

    method: str
    body: Callable[[Any], Any]
    content: Callable[[Any], Any]
    answer: Callable[[JournalEntry, Any], Any]
    way: Callable[[Any, Any], Any] = lambda sender, _url: sender
    stream: Callable[[Any, Passage], bool] = lambda _response, _passage: False


def _guarded(send: Callable[..., Any], library: _Library) -> Callable[..., Any]:
    def guarded(self: Any, request: Any) -> Any:
        if _passes_by(request):
            return send(self, request)
        found = _at_gate(request.method, str(request.url), library.body(request))
        if isinstance(found, JournalEntry):
            return library.answer(found, request)
        try:
            with found.sending():
                response = send(library.way(self, request.url) if found.may_be_inside else self, request)
            if library.stream(response, found):
                return response
            body = library.content(response)
        except BaseException as error:
            found.lost(may_be_billed=not isinstance(error, _NOT_SENT))
            raise
        answer = found.answered(Answer(response.status_code, response.headers, body))
        return response if answer.state is EntryState.LOST else library.answer(answer, request)

    return guarded


def _guarded_async(send: Callable[..., Awaitable[Any]], library: _Library) -> Callable[..., Awaitable[Any]]:
    async def guarded(self: Any, request: Any) -> Any:
        if _passes_by(request):
            return await send(self, request)
        found = await _at_gate_async(request.method, str(request.url), await library.body(request))
        if isinstance(found, JournalEntry):
            return library.answer(found, request)
        try:
            with found.sending():
                response = await send(library.way(self, request.url) if found.may_be_inside else self, request)
            if library.stream(response, found):
                return response
            body = await library.content(response)
        except BaseException as error:
            found.lost(may_be_billed=not isinstance(error, _NOT_SENT))
            raise
        answer = await asyncio.to_thread(found.answered, Answer(response.status_code, response.headers, body))
        return response if answer.state is EntryState.LOST else library.answer(answer, request)

    return guarded


def _passes_by(request: Any) -> bool:
    """Whether it is none of a model's. Raises an `Abort` when the attempt is over."""
    if is_trusted():
        return True
    gate = current_gate()
    if is_models(str(request.url), gate.endpoints):
        return False
    gate.pass_by()
    return True


def _httpx_answer(entry: JournalEntry, request: httpx.Request) -> httpx.Response:
    return httpx.Response(entry.status, headers=_headers(entry), content=to_bytes(entry), request=request)


def _httpx_stream(response: httpx.Response, passage: Passage) -> bool:
    # A redirect is an answer like others: with its headers it would be followed to wherever it leads.
    if response.status_code >= 300 or "event-stream" not in response.headers.get("content-type", ""):
        return False
    kind = _KeptStream if isinstance(response.stream, httpx.SyncByteStream) else _KeptAsyncStream
    response.stream = kind(response, passage)
    return True


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


class _Raw(io.BytesIO):
    """What botocore reads a body from: in one piece, in parts, or as a stream of events."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


class _AioRaw:
    """What `_Raw` is to botocore, for aiobotocore."""

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


def _aws_answer(entry: JournalEntry, request: Any) -> AWSResponse:
    return AWSResponse(request.url, entry.status, _headers(entry), _Raw(to_bytes(entry)))


def _aio_aws_answer(entry: JournalEntry, request: Any) -> Any:
    from aiobotocore.awsrequest import AioAWSResponse

    return AioAWSResponse(request.url, entry.status, _headers(entry), _AioRaw(to_bytes(entry), request.url))


def _headers(entry: JournalEntry) -> Any:
    """The same for an answer that has just come and for one from the journal: the others are not kept."""
    return {"content-type": entry.content_type}


def _aws_body(request: Any) -> bytes:
    body = request.body
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes | bytearray):
        return bytes(body)
    return b"" if body is None else bytes(body.read())


async def _aio_aws_body(request: Any) -> bytes:
    return _aws_body(request)


_HTTPX = _Library("handle_request", httpx.Request.read, httpx.Response.read, _httpx_answer, way_of, _httpx_stream)
_HTTPX_ASYNC = _Library(
    "handle_async_request", httpx.Request.aread, httpx.Response.aread, _httpx_answer, way_of, _httpx_stream
)
# An event stream of AWS is read whole, then handed on.
_BOTOCORE = _Library("send", _aws_body, attrgetter("content"), _aws_answer)
_AIOBOTOCORE = _Library("send", _aio_aws_body, attrgetter("content"), _aio_aws_answer)
