"""Starts a function's process before its first invocation, as Lambda's provisioned concurrency would.

CrewAI takes seconds to import. Started at once, that time passes while the user reads and types; an invocation that
comes earlier waits for this process instead of starting another.
"""

from __future__ import annotations

import contextvars
import logging
import threading
from urllib.parse import parse_qs

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from stepcrew_local.origin_guard import App, Receive, Scope, Send

WARM = "/_stepcrew/warm"
"""POST /_stepcrew/warm?function=NAME answers 202 at once."""

logger = logging.getLogger(__name__)


def with_warming(app: App) -> App:
    """The application with that route in front."""

    async def respond(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != WARM or scope["method"] != "POST":
            await app(scope, receive, send)
            return
        for name in parse_qs(scope["query_string"].decode("ascii")).get("function", []):
            context = contextvars.copy_context()
            threading.Thread(target=context.run, args=(_warm, name), name=f"warm-{name}", daemon=True).start()
        await send({"type": "http.response.start", "status": 202, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    return respond


def _warm(name: str) -> None:
    record, config, function = lambda_svc._get_func_record_for_ref(name)
    if not record or not config:
        logger.warning("There is no function %s to warm", name)
        return
    # Not leased: the first invocation takes this process and waits on its lock until it has started.
    worker = lambda_runtime.get_or_create_worker(function, config, record["code_zip"], config.get("Version", "$LATEST"))
    try:
        lambda_runtime.ensure_spawned(worker)
    except RuntimeError as error:  # how the emulator reports an init that failed; the first invocation tells the user
        logger.warning("%s did not start: %s", name, error)
