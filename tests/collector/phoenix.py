"""Arize Phoenix on this machine: takes traces by OTLP, stores them and tells what it has stored."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from stepcrew_local.ports import free_port

COMMAND = Path(__file__).parents[2] / ".venvs/collector/bin/phoenix"
START_SECONDS = 150
STORE_SECONDS = 60


class Stored(NamedTuple):
    """A span as Phoenix has it. `path` are the names of the spans from the first one down to it; one that it does not
    have is a question mark."""

    path: tuple[str, ...]
    kind: str
    status: str
    message: str
    seconds: float
    attributes: dict[str, Any]


class Phoenix:
    def __init__(self, url: str) -> None:
        self.url = url

    def until_stored(self, is_enough: Callable[[list[Stored]], bool]) -> list[Stored]:
        """All spans, in the order of their beginnings. It stores them after it has answered."""
        deadline = time.monotonic() + STORE_SECONDS
        while not is_enough(stored := self.stored()):
            assert time.monotonic() < deadline, stored
            time.sleep(0.2)
        return stored

    def stored(self) -> list[Stored]:
        url = f"{self.url}/v1/projects/default/spans"
        answer = httpx.get(url, params={"limit": 500}, timeout=30, trust_env=False)
        found = {one["context"]["span_id"]: one for one in answer.json()["data"]} if answer.is_success else {}

        def path(one: dict[str, Any]) -> tuple[str, ...]:
            parent = found.get(one["parent_id"])
            return (*(path(parent) if parent else () if one["parent_id"] is None else ("?",)), one["name"])

        def span(one: dict[str, Any]) -> Stored:
            began, ended = (datetime.fromisoformat(one[name]) for name in ("start_time", "end_time"))
            told = (one["span_kind"], one["status_code"], one["status_message"])
            return Stored(path(one), *told, (ended - began).total_seconds(), one["attributes"])

        return [span(one) for one in sorted(found.values(), key=lambda one: (one["start_time"], one["id"]))]


@contextmanager
def phoenix(folder: Path) -> Generator[Phoenix]:
    assert COMMAND.exists(), "It is not installed here: make test-collector"
    own = {"PHOENIX_WORKING_DIR": str(folder), "PHOENIX_HOST": "127.0.0.1", "PHOENIX_TELEMETRY_ENABLED": "false"}
    port, grpc_port = free_port(), free_port()
    ports = {"PHOENIX_PORT": str(port), "PHOENIX_GRPC_PORT": str(grpc_port)}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([COMMAND, "serve"], env=os.environ | own | ports, stdout=log, stderr=log)
    try:
        _wait(process, f"http://127.0.0.1:{port}", folder / "log")
        yield Phoenix(f"http://127.0.0.1:{port}")
    except BaseException:
        print((folder / "log").read_text(), file=sys.stderr)
        raise
    finally:
        process.terminate()
        process.wait(30)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            if httpx.get(f"{url}/healthz", trust_env=False).is_success:
                return
        except httpx.TransportError:
            pass
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)
