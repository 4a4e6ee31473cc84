"""The servers of the embedded models, as far as the operator's own keys leave a need for them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from stepcrew_local.children import Child, answers, kept_from_the_user, wait_until_ready
from stepcrew_local.layout import ROOT, python_of
from stepcrew_local.model_name import KEY_VARIABLE, PATH_PREFIX
from stepcrew_local.ports import free_port
from stepcrew_local.provider import ModelChoice, configured_model, embedded_model, with_local_embedder

READY_SECONDS = 60


class ModelServer(NamedTuple):
    """A server on loopback, and the key that its callers send."""

    child: Child
    port: int
    key: str

    def wait_until_ready(self) -> None:
        """Raises StackError."""
        url, headers = f"http://127.0.0.1:{self.port}{PATH_PREFIX}/v1/models", {"authorization": f"Bearer {self.key}"}
        wait_until_ready(self.child, lambda: answers(url, headers), READY_SECONDS)


def start_models(
    given: ModelChoice | None, environment: Mapping[str, str], logs: Path
) -> tuple[ModelChoice, list[ModelServer]]:
    """The models that crews may use: `given`, else those of the operator's environment, else the embedded one; and an
    embedding model on this machine where none is named. The servers that were started are not ready yet."""
    servers: list[ModelServer] = []
    model = given or configured_model(environment)
    if model is None:
        servers.append(_start("model", "model server", logs))
        model = embedded_model(servers[-1].port, servers[-1].key)
    if not model.default_embedder:
        servers.append(_start("embedding_server", "embedding server", logs))
        model = with_local_embedder(model, servers[-1].port, servers[-1].key)
    return model, servers


def _start(module: str, name: str, logs: Path) -> ModelServer:
    port, key = free_port(), secrets.token_urlsafe(32)
    command = [python_of("model"), "-m", f"stepcrew_local.{module}", "--port", str(port)]
    settings = kept_from_the_user() | {"PYTHONPATH": str(ROOT / "local"), KEY_VARIABLE: key}
    return ModelServer(Child(name, command, settings, logs / f"{module}.log"), port, key)
