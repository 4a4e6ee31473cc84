"""A receiver of webhooks on this machine, which answers as a test says."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from tests.e2e.conftest import RECEIVER_PORT


class Received(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes


class Reply(NamedTuple):
    status: int = 204
    location: str | None = None
    after_seconds: float = 0


Behaviour = Callable[[Received, int], Reply]
"""What to answer a request, and how many came to the same path before it."""


class Receiver:
    def __init__(self) -> None:
        self.received: list[Received] = []
        self.behave: Behaviour = lambda request, before: Reply()
        self.url = f"http://127.0.0.1:{RECEIVER_PORT}"
        self._lock = threading.Lock()

    def at(self, path: str) -> list[Received]:
        return [one for one in self.received if one.path == path]

    def take(self, request: Received) -> Reply:
        with self._lock:
            before = len(self.at(request.path))
            self.received.append(request)
        return self.behave(request, before)


@contextmanager
def receiving() -> Generator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = receiver.take(Received(self.path, headers, body))
            time.sleep(reply.after_seconds)
            try:
                self.send_response(reply.status)
                if reply.location:
                    self.send_header("location", reply.location)
                self.end_headers()
            except OSError:
                pass  # the sender has given up

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", RECEIVER_PORT), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
