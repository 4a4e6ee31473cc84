"""A proxy between the functions and the emulated AWS: it sees every call, knows whose it is, and can make it fail.

A `Plan` belongs to one execution. It is found by a text that the API's own calls carry (the crew's name or the
idempotency key), from then on by the execution's id. Calls that name neither are those of the execution that the
calling process works on: a process has one at a time.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import re
import threading
from collections import Counter
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

from tests.faults.naming import describe, operation
from tests.faults.processes import kill, process_behind

FUNCTIONS = (
    "ApiFunction",
    "RunnerFunction",
    "TraceSinkFunction",
    "ReconcilerFunction",
    "TriggerFunction",
    "AnnouncerFunction",
    "WebhookSenderFunction",
    "KnowledgeFunction",
    "ProjectFunction",
)
UUID = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
RECORD = re.compile(rb"#EXECUTION#(" + UUID.pattern + rb")")
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "server", "date"}
JSON = {"Content-Type": "application/x-amz-json-1.0"}


class How(StrEnum):
    REFUSE = "refused"
    """Throttled: AWS did nothing."""
    LOSE = "answer lost"
    """AWS did it, but the connection breaks before it can say so."""
    KILL_BEFORE = "killed before"
    KILL_AFTER = "killed after"
    """The calling process is killed; AWS did it."""


class Fault(NamedTuple):
    """Strikes the call `first` of this kind that a function makes for the plan's execution, and so many `times` each
    `stride` calls further. The SDK's repetitions are calls too."""

    function: str
    call: str
    how: How
    first: int = 1
    times: int = 1
    stride: int = 1

    def strikes(self, number: int) -> bool:
        past, off = divmod(number - self.first, self.stride)
        return off == 0 and 0 <= past < self.times


class Call(NamedTuple):
    function: str
    name: str
    number: int
    """Counted from 1 for each function and name."""


class Plan:
    """What happens to one execution, and what its functions asked of AWS."""

    def __init__(self, marker: str, faults: Iterable[Fault] = (), *, hold: bool = False) -> None:
        self.marker = marker.encode()
        self.faults = tuple(faults)
        self.hold = hold
        self.calls: list[Call] = []
        self.injected: list[Call] = []
        self.answered: set[tuple[str, str]] = set()
        self.held: list[dict[str, Any]] = []
        """With `hold`, the messages that the queue claims to have taken."""
        self.pids: dict[str, int] = {}
        """The process of each function that called last."""
        self.execution_id = ""
        self._counts: Counter[tuple[str, str]] = Counter()

    def take(self, function: str, name: str) -> How | None:
        self._counts[function, name] += 1
        call = Call(function, name, self._counts[function, name])
        self.calls.append(call)
        for fault in self.faults:
            if (fault.function, fault.call) == (function, name) and fault.strikes(call.number):
                self.injected.append(call)
                return fault.how
        return None


class Proxy:
    """One address for each function, so that it is known who calls."""

    def __init__(self) -> None:
        self.target = ""
        self._lock = threading.Lock()
        self._plans: list[Plan] = []
        self._of_execution: dict[bytes, Plan] = {}
        self._of_process: dict[int, Plan] = {}
        self._servers = {function: _Server(self, function) for function in FUNCTIONS}

    def urls(self) -> dict[str, str]:
        return {function: server.url for function, server in self._servers.items()}

    def add(self, plan: Plan) -> Plan:
        with self._lock:
            self._plans.append(plan)
        return plan

    def plan_of(self, pid: int | None, text: bytes) -> Plan | None:
        with self._lock:
            ids = UUID.findall(text)
            plan = next((self._of_execution[one] for one in ids if one in self._of_execution), None)
            plan = plan or max((one for one in self._plans if one.marker in text), key=_length, default=None)
            if plan is None:
                return self._of_process.get(pid or 0)
            if b"DEFINITION" in text:
                self._of_execution.update(dict.fromkeys(ids, plan))
                plan.execution_id = plan.execution_id or RECORD.findall(text)[0].decode()
            if pid:
                self._of_process[pid] = plan
            return plan

    def servers(self) -> Iterable[_Server]:
        return self._servers.values()


def _length(plan: Plan) -> int:
    return len(plan.marker)


@contextmanager
def running_proxy() -> Generator[Proxy]:
    """Set `target` to the emulator's address before anything calls."""
    proxy = Proxy()
    with ExitStack() as exits:
        for server in proxy.servers():
            threading.Thread(target=server.serve_forever, daemon=True).start()
            exits.callback(server.server_close)
            exits.callback(server.shutdown)
        yield proxy


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, proxy: Proxy, function: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy
        self.function = function
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that died in the middle is what this is all about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self._pid = process_behind(self.client_address[1], self.connection.getsockname()[1])

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server = cast(_Server, self.server)
        target = self.headers.get("X-Amz-Target") or ""
        plan = server.proxy.plan_of(self._pid, self.path.encode() + body)
        how, name = None, describe(self.command, target, body)
        if plan:
            how = plan.take(server.function, name)
            if self._pid:
                plan.pids[server.function] = self._pid
        if plan and plan.hold and operation(self.command, target) == "SQS.SendMessage":
            self._hold(plan, json.loads(body))
        elif how is How.REFUSE:
            self._refuse(target)
        elif how is How.KILL_BEFORE:
            self._hang_up(kill_too=True)
        else:
            self._pass_on(body, how)
            if plan and how is None:
                plan.answered.add((server.function, name))

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = _handle

    def _pass_on(self, body: bytes, how: How | None) -> None:
        status, headers, answer = self._forward(cast(_Server, self.server).proxy.target, body)
        if how is None:
            self._answer(status, headers, answer)
        else:
            self._hang_up(kill_too=how is How.KILL_AFTER)

    def _forward(self, target: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        address = urlsplit(target)
        upstream = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("connection", "expect"):
                    upstream.putheader(name, value)
            upstream.endheaders(body)
            answer = upstream.getresponse()
            kept = {name: value for name, value in answer.getheaders() if name.lower() not in HOP_BY_HOP}
            return answer.status, kept, answer.read()
        finally:
            upstream.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self, target: str) -> None:
        if target:
            document = {"__type": "ThrottlingException", "message": "Rate exceeded (injected)"}
            self._answer(400, JSON, json.dumps(document).encode())
            return
        body = b"<Error><Code>SlowDown</Code><Message>Reduce your request rate (injected).</Message></Error>"
        self._answer(503, {"Content-Type": "application/xml"}, body)

    def _hang_up(self, *, kill_too: bool) -> None:
        if kill_too and self._pid:
            kill(self._pid)
        self.close_connection = True

    def _hold(self, plan: Plan, message: dict[str, Any]) -> None:
        plan.held.append(message)
        digest = hashlib.md5(message["MessageBody"].encode(), usedforsecurity=False).hexdigest()
        number = len(plan.held)
        taken = {"MessageId": f"held-{number}", "MD5OfMessageBody": digest, "SequenceNumber": str(number)}
        self._answer(200, JSON, json.dumps(taken).encode())
