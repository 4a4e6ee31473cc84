"""A process that had to abandon something is replaced before it serves another execution: under AWS's own runtime
client, against a small runtime API as Lambda documents it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import pytest

from stepcrew_runner.isolation.process import Leftovers

PATIENCE_SECONDS = 60
HANDLER = """
import os, threading, uuid
from awslambdaric.lambda_runtime_client import LambdaRuntimeClient
from stepcrew_runner.isolation.process import Renewal, replacement

BOOT = uuid.uuid4().hex
renewal = Renewal(replacement(dict(os.environ)), print)
renewal.install(LambdaRuntimeClient)
TAKEN = os.environ.pop("TAKEN_AT_START")

def handler(event, context):
    threads = [thread.name for thread in threading.enumerate()]
    renewal.attempt_begins()
    if event["leaves"]:
        threading.Thread(target=threading.Event().wait, name="abandoned", daemon=True).start()
    return {"boot": BOOT, "pid": os.getpid(), "threads": threads, "taken": TAKEN}
"""


class RuntimeApi(ThreadingHTTPServer):
    """Of one environment: hands out what is put into `events`, and keeps `answers`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Calls)
        self.events: Queue[dict[str, Any]] = Queue()
        self.answers: Queue[dict[str, Any]] = Queue()

    def invoke(self, leaves: bool) -> dict[str, Any]:
        self.events.put({"leaves": leaves})
        return self.answers.get(timeout=PATIENCE_SECONDS)


class _Calls(BaseHTTPRequestHandler):
    @property
    def api(self) -> RuntimeApi:
        assert isinstance(self.server, RuntimeApi)
        return self.server

    def do_GET(self) -> None:
        body = json.dumps(self.api.events.get()).encode()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "request")
        self.send_header("Lambda-Runtime-Deadline-Ms", "9999999999999")
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:us-east-1:123456789012:function:f")
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.api.answers.put(json.loads(body))

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def running(folder: Path) -> Generator[RuntimeApi]:
    (folder / "leaving.py").write_text(HANDLER)
    api = RuntimeApi()
    threading.Thread(target=api.serve_forever, daemon=True).start()
    variables = {
        **os.environ,
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_address[1]}",
        "PYTHONPATH": ":".join([str(folder), *sys.path]),
        "TAKEN_AT_START": "credentials",
    }
    command = [sys.executable, "-m", "awslambdaric", "leaving.handler"]
    process = subprocess.Popen(command, cwd=folder, env=variables, stdout=subprocess.DEVNULL)
    try:
        yield api
    finally:
        process.kill()
        process.wait()
        api.events.put({})  # lets the request of the killed process end
        api.shutdown()
        api.server_close()


@pytest.mark.timeout(180)
def test_a_process_that_left_a_thread_behind_answers_and_serves_nothing_else(tmp_path: Path) -> None:
    with running(tmp_path) as api:
        first, second = api.invoke(leaves=False), api.invoke(leaves=True)
        third, fourth = api.invoke(leaves=False), api.invoke(leaves=False)
    assert first["boot"] == second["boot"]
    assert third["boot"] == fourth["boot"] != first["boot"]
    assert "abandoned" not in third["threads"] + fourth["threads"]
    assert len({answer["pid"] for answer in (first, second, third, fourth)}) == 1
    assert third["taken"] == "credentials"  # what a process takes out of its environment, the next one finds again


def test_threads_that_are_ending_are_waited_for_and_others_are_named() -> None:
    leftovers, let_go = Leftovers(), threading.Event()
    ending = threading.Thread(target=let_go.wait, args=(0.05,), name="ending")
    staying = threading.Thread(target=let_go.wait, name="staying")
    bus = threading.Thread(target=let_go.wait, name="CrewAIEventsLoop")
    for thread in (ending, staying, bus):
        thread.start()
    assert leftovers.names() == ["staying"]
    let_go.set()
    for thread in (ending, staying, bus):
        thread.join()
    assert leftovers.names() == []


def test_a_crash_in_native_code_leaves_the_stack_in_the_log() -> None:
    crash = (
        "from stepcrew_runner.isolation import environment; environment.prepare(); import os; os.kill(os.getpid(), 11)"
    )
    variables = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    died = subprocess.run([sys.executable, "-c", crash], env=variables, capture_output=True, text=True, check=False)
    assert died.returncode == -11
    assert "Segmentation fault" in died.stderr
    assert "most recent call first" in died.stderr
