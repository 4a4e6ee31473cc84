"""A small Stepcrew API on loopback: one execution that moves on with every look, and trouble on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from stepcrew.domain.event_grammar import grammar_of
from stepcrew.domain.trace import TraceEvent as Recorded

NOW = "2026-11-24T10:00:{:02}Z"
EXECUTION_ID = "e-1"
PRICE = {"input_usd": 0.5, "output_usd": 2, "cached_usd": None, "written_usd": None}


@dataclass
class Seen:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class FakeApi:
    """`script` holds the execution's (status, events recorded so far), one per look at the record; the last one stays.
    While its status is WAITING, `approval` is the open question; what was decided is in `feedback`.
    `function_arn` is what a tool calls; `open_executions` are, look by look, those that need a project's function.
    `trouble` are answers (status, document) given before anything else. Demo tokens are numbered; `expired` ones are
    refused."""

    script: list[tuple[str, int]] = field(default_factory=lambda: [("COMPLETED", 4)])
    events: list[dict[str, Any]] = field(default_factory=lambda: default_events())
    output: str | None = "The answer"
    approval: dict[str, Any] = field(default_factory=lambda: question())
    feedback: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    on_look: Callable[[int], None] = lambda _: None
    expired: set[str] = field(default_factory=set[str])
    artifacts: dict[str, bytes] = field(default_factory=dict[str, bytes])
    files: dict[str, bytes] = field(default_factory=dict[str, bytes])
    trouble: list[tuple[int, dict[str, Any]]] = field(default_factory=list[tuple[int, dict[str, Any]]])
    seen: list[Seen] = field(default_factory=list[Seen])
    prices: dict[str, Any] = field(default_factory=lambda: {"models": {"openai/own": dict(PRICE)}})
    budgets: dict[str | None, float] = field(default_factory=lambda: {None: 10.0})
    wrong: int = 0
    missing: int = 0
    looks: int = 0
    tokens: int = 0
    has_function: bool = True
    has_protobuf: bool = True
    function_arn: str = "arn:aws:lambda:eu-west-1:1:function:p-tool-0123-refund:3"
    open_executions: list[list[str]] = field(default_factory=list[list[str]])
    url: str = ""

    def state(self) -> tuple[str, int]:
        return self.script[min(max(self.looks, 1), len(self.script)) - 1]

    def answer(self, request: Seen) -> tuple[int, Any, dict[str, str]]:
        path, _, query = request.path.partition("?")
        if path == "/auth/demo-token":
            self.tokens += 1
            return 200, {"access_token": f"{request.body['identity']}-{self.tokens}"}, {}
        if path == "/upload":
            return 200, None, {}
        if request.headers["Authorization"].removeprefix("Bearer ") in self.expired:
            return 401, {"message": "Unauthorized"}, {}
        if self.trouble:
            status, document = self.trouble.pop(0)
            return status, document, {"Content-Type": "application/problem+json", "Retry-After": "0"}
        if request.method == "POST" and path.endswith("/executions"):
            return (200, {"valid": True}, {}) if "dry_run" in query else (202, submitted(), {})
        if path.endswith(("/aliases", "/rollback", "/function", "/projects/runtime")) or "/aliases/" in path:
            return self._versions(request, path)
        if request.method == "DELETE" and path.startswith("/api/v1/crews/"):
            return 204, None, {}
        if path.startswith("/local/"):
            return 200, {"removed": self.has_function} if request.method == "DELETE" else {"function": "f:1"}, {}
        if path.endswith("/bundle") and request.method == "POST":
            return 200, {"stored": True, "parameters": {"Bundle": request.body["sha256"]}}, {}
        if path.endswith("/otlp"):
            wanted = "application/x-protobuf"
            if self.has_protobuf and wanted in request.headers["Accept"]:
                return 200, b"protobuf", {"Content-Type": wanted}
            return 200, {"resourceSpans": []}, {}
        if path.endswith("/v1/traces"):
            return 200, {}, {}
        if path.endswith("/bundle"):
            return 200, b"PK of a bundle", {"Content-Type": "application/zip"}
        if path.endswith("/rerun"):
            return 202, submitted(), {}
        if request.method == "GET" and "/crews/" in path:
            return 200, {**stored_crew(path.rpartition("/")[2], 3), "placeholders": ["topic"], "inputs": {}}, {}
        if "/tools" in path:
            return self._tools(request, path)
        if "/connections" in path:
            return _connections(request, path)
        if path.startswith("/api/v1/batches"):
            return self._batches(request, path, query)
        if "/decision-links" in path:
            key = {"key_id": "k-1", "made_at": "2026-11-24T09:00:00Z", "ends_at": None}
            is_off = request.body == {"enabled": False}
            return 200, {"enabled": not is_off, "days": 7, "keys": [] if is_off else [key]}, {}
        if "/webhooks" in path:
            return _webhooks(request, path)
        if "/triggers" in path or "/inbox/" in path:
            return self._triggers(request, path)
        if "/artifacts" in path:
            name = unquote(path.partition("/artifacts/")[2])
            listed = {"artifacts": [{"name": each} for each in self.artifacts]}
            return 200, self.artifacts[name] if name else listed, {}
        if "/files" in path:
            return self._files(request, path)
        if path.endswith("/usage/recount"):
            days = {"from": "2026-11-01", "to": "2026-11-24"}
            wrong = [{"by": "crew", "day": "2026-11-24", "name": "poems"}] * self.wrong
            missing = ["e-9"] * self.missing if request.method == "GET" else []
            return 200, {**days, "executions": 7, "differences": wrong, "missing": missing}, {}
        if path.endswith("/usage"):
            if "format=csv" in query:
                return 200, b"crew,executions\r\npoems,7\r\n", {"Content-Type": "text/csv"}
            sums = {"executions": 7, "failed": 1, "total_tokens": 900, "model_usd": 0.5, "infrastructure_usd": 0.25}
            row = {**sums, "total_usd": 0.75, "unpriced": 1}
            days = {"from": "2026-11-01", "to": "2026-11-24", "by": "crew"}
            return 200, {**days, "total": {"name": "", **row}, "rows": [{"name": "poems", **row}]}, {}
        if path.endswith("/budgets"):
            if request.method == "PUT":
                crews = request.body["crews"].items()
                self.budgets = {None: request.body["group_usd"], **dict(crews)}
            found = [{"crew": crew, "limit_usd": usd, "spent_usd": 9} for crew, usd in self.budgets.items() if usd]
            return 200, {"month": "2026-11", "budgets": found}, {}
        if path.startswith(("/api/v1/erasures", "/api/v1/users/", "/api/v1/groups/")):
            return _erasure(request, path)
        if path.endswith("/audit"):
            return _audit(query)
        if path.endswith("/prices"):
            self.prices = request.body if request.method == "PUT" else self.prices
            return 200, self.prices, {}
        if "/memory" in path:
            return _memory(request, path)
        if "/secrets" in path:
            return self._secrets(request, path)
        if path.endswith("/crews"):
            return 200, {"crews": [stored_crew("poems", 3)], "next_cursor": "on"}, {}
        if request.method == "PUT":
            return 201, stored_crew(path.rpartition("/")[2], 1), {}
        if path.endswith("/traces"):
            return 200, self._trace(query), {}
        status, _ = self.state()
        if path.endswith("/result"):
            final = status == "COMPLETED"
            output = self.output if final else None
            return 200, {"execution_id": EXECUTION_ID, "status": status, "final": final, "output": output}, {}
        if path.endswith("/cost"):
            return 200, cost(), {}
        if path.endswith("/why"):
            return 200, diagnosis(), {}
        if path.endswith("/approvals"):
            return 200, {"approvals": [self.approval], "next_cursor": None}, {}
        if path.endswith("/approvals/1/output"):
            return 200, "A long haiku", {}
        if path.endswith("/feedback"):
            self.feedback.append(request.body)
            return 202, execution("RUNNING") | {"message": "Approved by ada; going on…"}, {}
        if request.method == "DELETE":
            return 200, {"execution_id": EXECUTION_ID, "removed": {"trace_events": 12, "executions": 1}}, {}
        self.looks += request.method == "GET"
        self.on_look(self.looks)
        status, _ = self.state()
        etag = f'"{status}"'
        if request.headers.get("If-None-Match") == etag:
            return 304, None, {}
        return 200, execution(status), {"ETag": etag, "Retry-After": "0"}

    def _versions(self, request: Seen, path: str) -> tuple[int, Any, dict[str, str]]:
        if request.method == "DELETE":
            return 204, None, {}
        if path.endswith("/runtime"):
            return 200, {"python": "3.13", "platform": "host", "packages": []}, {}
        if path.endswith("/function"):
            open_ones = self.open_executions.pop(0) if self.open_executions else []
            named = {"Platform": "p", "Name": path.split("/")[-2], "GroupDigest": "0123"}
            return 200, {"parameters": named, "open_executions": open_ones}, {}
        if path.endswith("/rollback"):
            return 201, stored_crew(path.split("/")[-2], 4), {}
        alias = {"alias": "prod", "version": 3, "moved_at": NOW.format(0), "moved_by": "ada@example.org"}
        return 200, {"aliases": [alias]} if path.endswith("/aliases") else alias, {}

    def _tools(self, request: Seen, path: str) -> tuple[int, Any, dict[str, str]]:
        if request.method == "DELETE":
            return 204, None, {}
        if path.endswith("/tools"):
            shared = {"name": "SerperDevTool", "summary": "Searches the web.", "secrets": ["SERPER_API_KEY"]}
            own: dict[str, Any] = {"name": "refund", "summary": "Refunds.", "effects": True, "of_group": True}
            return 200, [shared, own], {}
        name = path.rpartition("/")[2]
        if name == "absent":
            return 404, {"status": 404, "detail": "There is no tool."}, {}
        sent: dict[str, Any] = request.body or {}
        return 200, {"name": name, "function_arn": self.function_arn, **sent}, {}

    def _files(self, request: Seen, path: str) -> tuple[int, Any, dict[str, str]]:
        file = {"name": "facts.txt", "bytes": 5, "media_type": "text/plain", "sha256": "ab" * 32}
        if request.method == "DELETE":
            return 200, {"name": "facts.txt", "bytes": 5, "deleted_at": NOW.format(0)}, {}
        if request.method == "PUT":
            uploaded = any(seen.path == "/upload" for seen in self.seen)
            return (200, file, {}) if uploaded else (202, {"url": f"{self.url}/upload", "headers": {"x-a": "b"}}, {})
        if path.endswith("/files"):
            broken = {"name": "b.pdf", "state": "failed", "reason": "It is broken."}
            ready = {"uploaded_at": NOW.format(0), "state": "ready", "chunks": 7}
            own = [file | {"name": name, "sha256": sha256(it).hexdigest()} for name, it in self.files.items()]
            return 200, {"files": own or [file | ready, file | broken]}, {}
        return 200, {"file": file, "url": f"{self.url}/upload"}, {}

    def _secrets(self, request: Seen, path: str) -> tuple[int, Any, dict[str, str]]:
        if request.method == "DELETE":
            return 204, None, {}
        secret = {"name": "MCP_KEY", "set_at": NOW.format(0), "set_by": "ada@example.org", "crews": ["poems"]}
        if request.method == "PUT":
            return 201, secret | {"name": path.rpartition("/")[2], "crews": []}, {}
        return 200, {"secrets": [secret]}, {}

    def _triggers(self, request: Seen, path: str) -> tuple[int, Any, dict[str, str]]:
        if request.method == "DELETE":
            return 204, None, {}
        if "/inbox/" in path:
            return 200, {"url": f"{self.url}/upload", "expires_in": 900}, {}
        if path.endswith("/test"):
            text = request.body["document"].get("text")
            good = {"crew": "poems", "inputs": {"topic": text}, "valid": True}
            return 200, good if text else good | {"valid": False, "reason": "${text} finds nothing."}, {}
        if path.endswith("/firings"):
            return 200, {"firings": [firing("FAILED")], "next_cursor": "on"}, {}
        if path.endswith("/fire"):
            return 200, firing("STARTED") | {"execution_ids": [EXECUTION_ID], "reason": ""}, {}
        hook = {"signature": "github", "secret": {"secret": "HOOK_KEY"}}
        trigger = {
            "name": "orders",
            "crew": "poems",
            "enabled": True,
            "hook": hook,
            "hook_path": "/api/v1/hooks/demo.x",
        }
        return 200, {"triggers": [trigger]} if path.endswith("/triggers") else trigger, {}

    def _batches(self, request: Seen, path: str, query: str) -> tuple[int, Any, dict[str, str]]:
        if path.endswith("/results"):
            first = {"Content-Type": "application/jsonl", "Link": f'<{path}?cursor=on>; rel="next"'}
            lines = [b'{"row": 1}\n', b'{"row": 2}\n']
            return (200, lines[1], {"Content-Type": "application/jsonl"}) if query else (200, lines[0], first)
        if path.endswith("/rows"):
            return 200, {"rows": [{"row": 2, "status": "FAILED", "reason": "It broke."}]}, {}
        if request.method == "POST":
            return 202, batch(0), {}
        if path.endswith("/batches"):
            return 200, {"batches": [batch(3)], "next_cursor": "on"}, {}
        self.looks += 1
        return 200, batch(self.looks), {}

    def _trace(self, query: str) -> dict[str, Any]:
        status, recorded = self.state()
        first = int(query.removeprefix("after=") or 0)
        page = self.events[first : min(recorded, first + 2)]
        cursor = first + len(page)
        complete = cursor == len(self.events) and status in {"COMPLETED", "FAILED", "CANCELLED"}
        more = cursor < recorded
        return {"events": page, "cursor": str(cursor), "more": more, "complete": complete, "gaps": [], "status": status}

    def paths(self, method: str = "GET") -> list[str]:
        return [seen.path for seen in self.seen if seen.method == method]


def submitted() -> dict[str, Any]:
    return {"execution_id": EXECUTION_ID, "status": "PENDING", "replayed": False}


def firing(status: str) -> dict[str, Any]:
    told = {"status": status, "reason": "There is no crew 'poems' in this group."}
    return {"firing_id": "f1", "trigger": "orders", "cause": "delivery d1", "fired_at": NOW.format(0), **told}


def batch(ended: int) -> dict[str, Any]:
    """Of three rows, of which the second fails."""
    failed = int(ended >= 2)
    counts = {"running": int(ended < 3), "completed": ended - failed, "failed": failed, "cancelled": 0}
    usage = {"total_tokens": 10 * ended, "cost_usd": 0.01 * ended}
    told = {"status": "COMPLETED" if ended >= 3 else "RUNNING", "total": 3, "pending": max(0, 2 - ended)}
    made = {"batch_id": "b-1", "name": "june", "crew": "poems@3", "created_at": NOW.format(0)}
    return {**made, **told, "counts": counts, "usage": usage}


def stored_crew(name: str, version: int) -> dict[str, Any]:
    by = {"updated_at": NOW.format(0), "updated_by": "ada@example.org"}
    return {"name": name, "version": version, "tasks": 2, "agents": 1, **by}


def execution(status: str) -> dict[str, Any]:
    times = {"since": NOW.format(2), "expires_at": "2026-12-01T10:00:00Z"}
    waiting = {"number": 1, "kind": "answer", "task_name": "write", **times}
    spent = {"model_calls": 1, "abandoned_calls": 1, "total_tokens": 42, "cost_usd": 0.0012}
    receipt = {"requested_at": NOW.format(2), "observed_at": NOW.format(4), **spent}
    error = {"category": "model", "type": "X", "message": "The model refused.", "remedy": "Ask another."}
    return {
        "execution_id": EXECUTION_ID,
        "name": "demo",
        "status": status,
        "created_at": NOW.format(0),
        "started_at": NOW.format(1),
        "ended_at": NOW.format(9) if status in {"COMPLETED", "FAILED", "CANCELLED"} else None,
        "progress": {"tasks_done": int(status == "COMPLETED"), "tasks_total": 1},
        "cost": {key: value for key, value in cost().items() if key.endswith("usd") or key == "estimated"},
        "error": error if status == "FAILED" else None,
        "waiting": waiting if status == "WAITING" else None,
        "cancel_receipt": receipt if status == "CANCELLED" else None,
        "unknown_field": 1,
    }


def diagnosis() -> dict[str, Any]:
    step = {"at": NOW.format(0), "event": "TaskStateEntered", "state": "RunCrew", "error": None}
    ended = {"at": NOW.format(9), "event": "TaskFailed", "state": None, "error": "Runtime.ExitError"}
    asked = {"number": 1, "kind": "answer", "task_name": "write", "expires_at": NOW.format(9)}
    return {
        "status": "WAITING",
        "summary": "It waits for a person.",
        "attempts": [{"attempt": 1, "emitted": 7, "recorded": 5, "died": False}, {"attempt": 2, "died": True}],
        "machine": {"status": "RUNNING", "error": "", "steps": [step, ended]},
        "trace_queue": {"waiting": 3, "in_flight": 0, "dead": 1},
        "slots": {"running": 2, "may_run": 20, "waiting": 4, "open": 9, "may_be_open": 200},
        "approvals": [asked],
        "logs": [{"emitted_at": NOW.format(1), "level": "INFO", "message": "Attempt 1 starts."}],
    }


def cost() -> dict[str, Any]:
    line = {"what": "Runner: memory and time", "item": "function_gb_seconds", "basis": "measured"}
    share = {"model_calls": 2, "total_tokens": 900, "model_usd": 0.0125}
    return {
        "model_usd": 0.0125,
        "infrastructure_usd": 0.0044,
        "total_usd": 0.0169,
        "price_book": "2026-11",
        "region": "us-east-1",
        "estimated": True,
        "by_task": [{"name": "write", **share}],
        "by_agent": [{"name": None, **share}],
        "by_model": [{"name": "openai/own", **share, "model_usd": None}],
        "infrastructure": [{**line, "quantity": 310.97, "unit_usd": 0.0000133334, "usd": 0.0041463}],
        "notes": ["The execution is open."],
    }


def question(**changes: Any) -> dict[str, Any]:
    return {
        "approval_id": f"{EXECUTION_ID}.1",
        "execution_id": EXECUTION_ID,
        "number": 1,
        "kind": "answer",
        "question": "Is this answer good?",
        "task_name": "write",
        "output": "A short haiku",
        "deciders": [],
        "may_decide": True,
        "on_timeout": "reject",
        "requested_at": NOW.format(2),
        "expires_at": "2026-12-01T10:00:00Z",
        "decision": None,
        **changes,
    }


def event(sequence: int, event_type: str, source: str, **fields: Any) -> dict[str, Any]:
    known = {"task_name": "write", "agent_role": "Writer"} | fields
    base = {"id": f"1.{sequence}", "attempt": 1, "sequence": sequence, "emitted_at": NOW.format(sequence)}
    shown = {**base, "event_type": event_type, "event_source": source, **known}
    told = grammar_of(Recorded.model_validate({"execution_id": EXECUTION_ID, "group_id": "g", **shown}))
    return {**shown, **told._asdict()}


def default_events() -> list[dict[str, Any]]:
    usage = {"usage": {"total_tokens": 42}}
    done = {"started_sequence": 2, "duration_ms": 1000.0, "extra_data": usage, "output": "The \x1b[31manswer"}
    return [
        event(1, "task_started", "task"),
        event(2, "llm_call_started", "llm"),
        event(3, "llm_call_completed", "llm", **done),
        event(4, "task_completed", "task", started_sequence=1, duration_ms=3000.0),
    ]


@contextmanager
def serving(api: FakeApi) -> Generator[FakeApi]:
    class Handler(BaseHTTPRequestHandler):
        def _handle(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            sent = self.rfile.read(length)
            is_json = "json" in (self.headers.get("Content-Type") or "")
            body = json.loads(sent) if is_json else sent.decode() or None
            request = Seen(self.command, self.path, dict(self.headers.items()), body)
            api.seen.append(request)
            status, document, headers = api.answer(request)
            payload = (
                document if isinstance(document, bytes) else b"" if document is None else json.dumps(document).encode()
            )
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | headers).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_GET = do_POST = do_PUT = do_DELETE = _handle

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet: the test shows what matters."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _webhooks(request: Seen, path: str) -> tuple[int, Any, dict[str, str]]:
    if request.method == "DELETE":
        return 204, None, {}
    if path.endswith(("/test", "/redeliver")):
        return 202, {"delivery_id": "msg_1"}, {}
    if path.endswith("/deliveries"):
        tries = [{"status": 503, "at": NOW.format(0)}]
        told = {"delivery_id": "msg_1", "execution_id": "e1", "event_type": "stepcrew.execution.failed", "tries": 1}
        state = {"state": "WAITING", "reason": "The receiver answered 503.", "next_try_at": NOW.format(9)}
        return 200, {"deliveries": [{**told, **state, "attempts": tries}], "next_cursor": "further"}, {}
    webhook = {"name": "ops", "url": "https://ops.example.com/", "events": ["failed"], "enabled": True}
    return 200, {"webhooks": [webhook]} if path.endswith("/webhooks") else webhook, {}


def _memory(request: Seen, path: str) -> tuple[int, Any, dict[str, str]]:
    if request.method == "DELETE":
        return 200, {"scope": "/crews/shop", "records": 3, "vectors": 2, "deleted_at": NOW.format(0)}, {}
    if path.endswith("/search"):
        record = {"record_id": "r1", "scope": "/crews/shop", "content": "Ada prefers tea."}
        return 200, {"hits": [{"record": record, "score": 0.75}]}, {}
    if path.endswith("/export"):
        if "cursor" in request.path:
            return 200, b'{"content":"second"}\n', {}
        return 200, b'{"content":"first"}\n', {"Link": '</api/v1/memory/export?cursor=on>; rel="next"'}
    if path.endswith("/records"):
        record = {"record_id": "r1", "scope": "/crews/shop", "content": "Ada prefers tea.", "importance": 0.5}
        return 200, {"records": [record | {"created_at": NOW.format(0)}], "next_cursor": "on"}, {}
    scope = {"path": "/crews/shop", "records": 3, "embedder": "openai/small", "newest": NOW.format(0)}
    if path.endswith("/reembed"):
        reason = "it is down" if request.body["scope"] == "/crews/refused" else ""
        return 202, {**scope, "path": request.body["scope"], "moving_to": "openai/large", "reason": reason}, {}
    return 200, {"scopes": [scope]}, {}


def _connections(request: Seen, path: str) -> tuple[int, Any, dict[str, str]]:
    if request.method == "DELETE":
        return 204, None, {}
    if request.method == "PUT":
        return 201, {"name": path.rpartition("/")[2], **request.body}, {}
    router = {
        "name": "router",
        "provider": "openai",
        "base_url": "https://router.example.com/v1",
        "secret": "ROUTER_KEY",
    }
    return 200, {"connections": [router], "operators": ["ollama"]}, {}


def _audit(query: str) -> tuple[int, Any, dict[str, str]]:
    entry = {"entry_id": "a-1", "at": NOW.format(0), "who": "ada@example.org", "role": "admin"}
    entry |= {"action": "secrets.set_secret", "target": "MCP_KEY", "request_id": "r-1"}
    if "format=jsonl" not in query:
        return 200, {"entries": [entry], "next_cursor": "on"}, {}
    following = {} if "cursor" in query else {"Link": '</api/v1/audit?format=jsonl&cursor=on>; rel="next"'}
    return 200, f"{json.dumps(entry)}\n".encode(), {"Content-Type": "application/jsonl", **following}


def _erasure(request: Seen, path: str) -> tuple[int, Any, dict[str, str]]:
    user = unquote(path.rpartition("/")[2]) if "/users/" in path else None
    one = {"erasure_id": "er-1", "user": user, "status": "RUNNING", "asked_by": "ada@example.org"}
    one |= {"created_at": NOW.format(0), "removed": {"executions": 2, "trace_events": 40}, "still_open": 1}
    return 202 if request.method == "DELETE" else 200, {"erasures": [one]} if path.endswith("/erasures") else one, {}
