"""The local embedding model: WordLlama's 256 dimensions behind OpenAI's `/v1/embeddings`, on loopback only.

`python -m stepcrew_local.embedding_server --port N` runs in the environment of `requirements/model.in`, as `model`
does: it needs the key in STEPCREW_MODEL_KEY, prints one line, `ready URL`, when it answers, and ends on SIGTERM,
SIGINT, or with its parent. It finds what means the same in English; other languages by their common words only.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
import threading
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from stepcrew_local.model import ModelUnavailable, check_port, started, wait_for_end
from stepcrew_local.model_name import EMBEDDER_NAME, PATH_PREFIX

MOST_BYTES = 20_000_000
MOST_TEXTS = 2048
"""As OpenAI's ("Create embeddings", API reference)."""


class Refused(Exception):
    """A request that is not answered with vectors; the message says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@lru_cache(maxsize=1)
def load_model() -> Any:
    """From the wheel, nothing is fetched. Raises ModelUnavailable when it is missing."""
    spec = find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise ModelUnavailable("The local embedding model is not installed: install requirements/model.txt.")
    # Left to itself it looks for its tokenizer where the wheel has none, and would fetch it.
    return import_module("wordllama").WordLlama.load(cache_dir=Path(spec.origin).parent, disable_download=True)


def answer(body: bytes) -> dict[str, Any]:
    """OpenAI's answer to a request for vectors. Raises `Refused`."""
    try:
        read: Any = json.loads(body)
    except ValueError as error:
        raise Refused(400, "The body is no JSON.") from error
    request: dict[str, Any] = cast("dict[str, Any]", read) if isinstance(read, dict) else {}
    given: Any = request.get("input")
    texts: list[Any] = cast("list[Any]", given) if isinstance(given, list) else [given]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        raise Refused(400, "input must be a text or a list of texts, none of them empty.")
    if len(texts) > MOST_TEXTS:
        raise Refused(400, f"input may have {MOST_TEXTS} texts.")
    if request.get("model") != EMBEDDER_NAME:
        raise Refused(404, f"There is no model {str(request.get('model'))[:100]!r} here, only {EMBEDDER_NAME}.")
    model = load_model()
    vectors = model.embed(texts, norm=True).astype("<f4")
    as_base64 = request.get("encoding_format") == "base64"
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": base64.b64encode(vector.tobytes()).decode() if as_base64 else vector.tolist(),
        }
        for index, vector in enumerate(vectors)
    ]
    tokens = sum(len(one.tokens) for one in model.tokenize(texts))
    used = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "model": EMBEDDER_NAME, "data": data, "usage": used}


class Handler(BaseHTTPRequestHandler):
    """Answers who has the key."""

    protocol_version = "HTTP/1.1"
    key = ""

    def do_GET(self) -> None:
        self._answered(lambda: {"object": "list", "data": [{"id": EMBEDDER_NAME, "object": "model"}]}, "/models")

    def do_POST(self) -> None:
        self._answered(self._vectors, "/embeddings")

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged: the texts of crews are nobody's affair."""

    def _vectors(self) -> dict[str, Any]:
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            self.close_connection = True
            raise Refused(413, f"A body has a length, of at most {MOST_BYTES:,} bytes.")
        return answer(self.rfile.read(int(length)))

    def _answered(self, make: Any, path: str) -> None:
        try:
            if not hmac.compare_digest(self.headers.get("authorization", ""), f"Bearer {self.key}"):
                self.close_connection = True
                raise Refused(401, "The key is missing or wrong.")
            if self.path != f"{PATH_PREFIX}/v1{path}":
                self.close_connection = True
                raise Refused(404, "There is nothing at this address.")
            status, document = 200, make()
        except Refused as refused:
            status, document = refused.status, {"error": {"message": str(refused), "type": "invalid_request_error"}}
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def start_server(port: int, key: str) -> ThreadingHTTPServer:
    """Raises ModelUnavailable."""
    load_model()
    if port:
        check_port(port)
    handler = type("KeyedHandler", (Handler,), {"key": key})
    server = ThreadingHTTPServer(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def main() -> None:
    parent = os.getppid()
    server = started("stepcrew_local.embedding_server", "The local embedding model.", start_server)
    print(f"ready http://127.0.0.1:{server.server_port}{PATH_PREFIX}", flush=True)
    wait_for_end(parent)


if __name__ == "__main__":
    main()
