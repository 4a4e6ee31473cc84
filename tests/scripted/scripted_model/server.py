"""The HTTP server. One thread for each connection, like a provider that never queues."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, cast

from scripted_model.script import Reply, offered_tools, reply, texts


class Request(NamedTuple):
    """One request as it came. `text` is all its messages in one."""

    number: int
    received_at: float
    body: dict[str, Any]
    authorization: str | None

    @property
    def text(self) -> str:
        return "\n".join(texts(self.body.get("messages") or []))

    @property
    def tools(self) -> list[str]:
        return offered_tools(self.body)


class ScriptedModel(ThreadingHTTPServer):
    """`url` is the base URL for a client. `answer` may be replaced to answer by code instead of directives."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"
        self.requests: list[Request] = []
        self.failed: set[str] = set()
        self.lock = threading.Lock()

    def reset(self) -> None:
        with self.lock:
            self.requests.clear()
            self.failed.clear()

    def mentioning(self, text: str) -> list[Request]:
        """The requests whose messages contain the text."""
        with self.lock:
            return [request for request in self.requests if text in request.text]

    def take(self, body: dict[str, Any], authorization: str | None) -> Reply:
        with self.lock:
            request = Request(len(self.requests) + 1, time.time(), body, authorization)
            self.requests.append(request)
            return reply(body, request.number, self.failed)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Headers and body leave in two writes; without this each answer waits 40 ms for an acknowledgement.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        model = cast(ScriptedModel, self.server)
        if not self.path.endswith("/chat/completions"):
            return self._send(404, {"error": {"message": f"no {self.path} here", "type": "not_found"}})
        body = json.loads(raw)
        said = model.take(body, self.headers.get("Authorization"))
        time.sleep(said.delay)
        if said.status != 200:
            failure = {"message": f"scripted failure {said.status}", "type": "scripted"}
            return self._send(said.status, {"error": failure})
        return self._send(200, completion(body, said))

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
        data = json.dumps(document).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the caller has gone: an abandoned model call


def completion(body: dict[str, Any], said: Reply) -> dict[str, Any]:
    """A chat completion with usage, as the provider would count it: four characters a token."""
    message: dict[str, Any] = {"role": "assistant", "content": said.text}
    if said.tool:
        name, arguments = said.tool
        call = {"name": name, "arguments": json.dumps(arguments)}
        message = {"role": "assistant", "content": None}
        message["tool_calls"] = [{"id": f"call_{time.time_ns()}", "type": "function", "function": call}]
    prompt = max(1, len("".join(texts(body.get("messages") or []))) // 4)
    answered = max(1, len(said.text) // 4)
    return {
        "id": f"chatcmpl-{time.time_ns()}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": body.get("model"),
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if said.tool else "stop"}],
        "usage": {
            "prompt_tokens": prompt,
            "completion_tokens": answered,
            "total_tokens": prompt + answered,
            "prompt_tokens_details": {"cached_tokens": prompt // 2},
        },
    }


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
