"""The HTTP server. One thread for each connection, like a provider that never queues."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, cast

from scripted_model.dialects import dialect_of
from scripted_model.script import Reply, files, offered_tools, reply, texts

MEETING_SECONDS = 20


class Request(NamedTuple):
    """One request. `body` is in OpenAI's form, whatever the provider; `text` is all its messages in one."""

    number: int
    received_at: float
    body: dict[str, Any]
    authorization: str | None
    provider: str = "openai"

    @property
    def text(self) -> str:
        return "\n".join(texts(self.body.get("messages") or []))

    @property
    def files(self) -> list[str]:
        """The hashes of the files that it shows."""
        return files(self.body.get("messages") or [])

    @property
    def tools(self) -> list[str]:
        return offered_tools(self.body)


class ScriptedModel(ThreadingHTTPServer):
    """`url` is the base URL for a client of OpenAI; those of Anthropic and Bedrock want it without `/v1`."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        self.requests: list[Request] = []
        self.failed: set[str] = set()
        self.words: dict[str, str] = {}
        """What the model knows and the prompts do not: `<<name>>` in an answer or an error becomes the word."""
        self.lock = threading.Lock()

    def reset(self) -> None:
        with self.lock:
            self.requests.clear()
            self.failed.clear()
            self.words.clear()

    def mentioning(self, text: str) -> list[Request]:
        """The requests whose messages contain the text."""
        with self.lock:
            return [request for request in self.requests if text in request.text]

    def take(self, body: dict[str, Any], authorization: str | None, provider: str = "openai") -> Reply:
        with self.lock:
            request = Request(len(self.requests) + 1, time.time(), body, authorization, provider)
            self.requests.append(request)
            return self._with_words(reply(body, request.number, self.failed))

    def is_met(self, text: str) -> bool:
        """Waits for a request beside the asking one that mentions the text."""
        deadline = time.monotonic() + MEETING_SECONDS
        while len(self.mentioning(text)) < 2:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    def _with_words(self, said: Reply) -> Reply:
        if not self.words:
            return said
        text, error = said.text, json.dumps(said.error)
        for name, word in self.words.items():
            text = text.replace(f"<<{name}>>", word)
            error = error.replace(f"<<{name}>>", json.dumps(word)[1:-1])
        return said._replace(text=text, error=json.loads(error))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body leave in two writes; without this each answer waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        model = cast(ScriptedModel, self.server)
        dialect = dialect_of(self.path)
        if dialect is None:
            return self._send(404, {"error": {"message": f"no {self.path} here", "type": "not_found"}})
        document = json.loads(raw)
        body = dialect.read(document)
        key = self.headers.get("Authorization") or self.headers.get("X-Api-Key")
        said = model.take(body, key, dialect.name)
        time.sleep(said.delay)
        if said.meets and not model.is_met(said.meets):
            return self._send(500, {"error": {"message": f"nobody else asked about {said.meets}", "type": "alone"}})
        if said.status != 200:
            return self._send(said.status, dialect.failure(said))
        answer = dialect.answer(body, said)
        if document.get("stream") or self.path.endswith("-stream"):
            return self._write(200, dialect.stream(answer), dialect.parts)
        return self._write(200, json.dumps(answer).encode(), "application/json", dialect.headers(answer))

    def do_GET(self) -> None:
        model = cast(ScriptedModel, self.server)
        if self.path.endswith("/requests"):
            with model.lock:
                found = [request._asdict() for request in model.requests]
            return self._send(200, found)
        return self._send(200, {"object": "list", "data": [{"id": "scripted", "object": "model"}]})

    def do_DELETE(self) -> None:
        cast(ScriptedModel, self.server).reset()
        self._send(200, {})

    def _send(self, status: int, document: Any) -> None:
        self._write(status, json.dumps(document).encode(), "application/json")

    def _write(self, status: int, data: bytes, content_type: str, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the caller has gone: an abandoned model call


@contextmanager
def scripted_model(port: int = 0) -> Generator[ScriptedModel]:
    """A running server, in a thread of its own."""
    server = ScriptedModel(port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
