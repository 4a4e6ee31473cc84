"""Serving an ASGI application beside the main thread."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Generator
from typing import Any

import uvicorn

IDLE_SECONDS = 75
"""How long a connection may be idle. Whoever keeps one for later must give it up before the server does: a request that
meets the server's end of it is answered with a reset. httpx keeps them for 5 s, as uvicorn does by default."""


@contextlib.contextmanager
def served(app: Any, listener: Any) -> Generator[None]:
    """Serves an ASGI application on a listening socket, in a thread of its own."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=1,
        timeout_keep_alive=IDLE_SECONDS,
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="gateway", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(5)
