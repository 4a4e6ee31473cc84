"""The port on which a function's process asks for its next invocation, which holds the caller's token: for this process
only. It gets the address with a secret as first part of the path; `runtime_client.py` knows what to do with it.
"""

from __future__ import annotations

import hmac
import secrets
from http.server import BaseHTTPRequestHandler
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from stepcrew_local.origin_guard import is_loopback

ADDRESS = "AWS_LAMBDA_RUNTIME_API"

_make_handler = lambda_runtime.ProvidedWorker._build_handler_class
_environment = lambda_svc._provided_worker_env
_secrets: dict[int, str] = {}
"""By port; the latest process that was told a port has it."""


def install() -> None:
    """Puts the secret into the process's variables and asks for it at the port."""
    lambda_runtime.ProvidedWorker._build_handler_class = _build_handler_class
    lambda_svc._provided_worker_env = environment
    # The other way to run a custom runtime has a port without a secret; nothing of ours is run in it.
    lambda_svc._execute_function_provided = _refuse


def environment(config: dict[str, Any], code_dir: str, port: int) -> dict[str, str]:
    """The variables of a function's process, the address with its secret among them."""
    _secrets[port] = secrets.token_urlsafe(32)
    return {**_environment(config, code_dir, port), ADDRESS: f"127.0.0.1:{port}/{_secrets[port]}"}


def _build_handler_class(worker: Any, generation: int, pending: Any) -> type[BaseHTTPRequestHandler]:
    class Guarded(_make_handler(worker, generation, pending)):
        def parse_request(self) -> bool:
            if not super().parse_request():
                return False
            if self._is_own_process():
                return True
            self.close_connection = True
            self._respond(403)
            return False

        def _is_own_process(self) -> bool:
            names = {name.lower() for name in self.headers}
            if not is_loopback(self.headers.get("Host", "")) or names & {"origin", "sec-fetch-site"}:
                return False
            secret = _secrets.get(self.server.server_address[1])
            presented = self.path.split("/", 2)[1:2]
            return bool(secret and presented) and hmac.compare_digest(presented[0].encode(), secret.encode())

    return Guarded


def _refuse(*_arguments: object) -> dict[str, object]:
    return {"body": {"errorMessage": "Not supported here.", "errorType": "Runtime.NotSupported"}, "error": True}
