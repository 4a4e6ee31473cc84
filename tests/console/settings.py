"""What a group has beside its executions, as the API answers it: secrets, triggers, batches, memory and so on."""

from __future__ import annotations

from typing import Any

Fields = dict[str, Any]
EXECUTION = "01a20d17-6f5b-7000-8000-000000000001"
BATCH_ID = "01a20d17-6f5b-7000-8000-000000000100"
MADE = {"made_by": "ada@example.org", "created_at": "2026-11-20T09:12:00Z", "updated_at": "2026-11-20T09:12:00Z"}

SECRETS: list[Fields] = [
    {"name": "SERPER_API_KEY", "set_at": "2026-11-20T09:12:00Z", "set_by": "ada@example.org", "crews": ["tide-report"]},
    {"name": "WEATHER_TOKEN", "set_at": "2026-11-21T16:40:00Z", "set_by": None, "crews": []},
]


def trigger(name: str, **source: Fields) -> Fields:
    kinds = dict.fromkeys(("object", "event", "schedule", "hook", "hook_id", "hook_path"))
    inputs = {"topic": "${text}"}
    spec = {"name": name, "crew": "tide-report", "inputs": inputs, "enabled": True, "limits": None, "revision": 1}
    return {**spec, **kinds, **source, **MADE}


TRIGGERS = [
    trigger("orders", object={"prefix": "new/", "suffix": ".txt", "contents": "text"}),
    {
        **trigger("mornings", schedule={"expression": "cron(0 7 * * ? *)", "time_zone": "Europe/Berlin"}),
        "enabled": False,
    },
]
STARTED = {
    "firing_id": "01a2-f1",
    "trigger": "inbox",
    "cause": "s3://inbox/demo/new/tides.txt",
    "status": "STARTED",
    "reason": "",
    "fired_at": "2026-11-21T16:40:00Z",
    "started": 1,
    "failed": 0,
    "execution_ids": [EXECUTION],
    "faults": [],
}
REFUSED = {
    **STARTED,
    "firing_id": "01a2-f2",
    "cause": "s3://inbox/demo/new/a-name-without-any-place-to-break-it-" + "x" * 60 + ".txt",
    "status": "FAILED",
    "reason": "There is no crew 'poems' in this group.",
    "started": 0,
    "failed": 1,
    "execution_ids": [],
}
LINK_KEY = {"key_id": "01a20d17-0000-7000-8000-000000000009", "made_at": "2026-11-20T09:12:00Z", "ends_at": None}
WEBHOOK = {
    "name": "ops",
    "url": "https://ops.example.com/crews",
    "secret": "WEBHOOK_OPS",
    "events": ["failed", "waiting"],
    "crews": None,
    "format": "standard",
    "decision_links": True,
    "enabled": True,
    "off_reason": "",
}
DELIVERY = {
    "delivery_id": "msg_1",
    "execution_id": EXECUTION,
    "event_id": f"{EXECUTION}.9",
    "event_type": "stepcrew.execution.failed",
    "state": "FAILED",
    "reason": "The receiver answered 503. It was tried 8 times.",
    "created_at": "2026-11-21T16:40:00Z",
    "next_try_at": None,
    "request": '{"specversion":"1.0","type":"stepcrew.execution.failed"}',
    "attempts": [{"at": "2026-11-21T16:40:01Z", "status": 503, "body": "busy", "reason": "", "milliseconds": 20}],
    "tries": 8,
    "round": 1,
}
BATCH = {
    "batch_id": BATCH_ID,
    "name": "june",
    "crew": "tide-report@3",
    "status": "RUNNING",
    "reason": "",
    "revision": 7,
    "total": 500,
    "pending": 296,
    "counts": {"running": 4, "completed": 187, "failed": 13, "cancelled": 0},
    "usage": {"executions": 200, "model_calls": 640, "total_tokens": 812_000, "cost_usd": 1.62, "unpriced": 0},
    "max_concurrency": 4,
    "tolerated_failures": 25,
    "submitted_by": "ada@example.org",
    "created_at": "2026-11-21T16:40:00Z",
    "cancel_requested_at": None,
    "round": 1,
}
ROWS = [
    {"row": 1, "status": "COMPLETED", "execution_id": EXECUTION, "reason": "", "cost_usd": 0.008},
    {"row": 2, "status": "FAILED", "execution_id": EXECUTION, "reason": "The model refused.", "cost_usd": 0.002},
]

FILE = {
    "name": "handbook.pdf",
    "bytes": 1_240_000,
    "media_type": "application/pdf",
    "sha256": "ab" * 32,
    "uploaded_at": "2026-11-21T16:40:00Z",
    "uploaded_by": "ada@example.org",
    "embedder": "openai/text-embedding-3-small",
    "state": "ready",
    "reason": None,
    "chunks": 312,
}
FILES = [
    FILE,
    {**FILE, "name": "prices.csv", "bytes": 900, "media_type": "text/csv", "chunks": 1},
    {
        **FILE,
        "name": "a-name-without-any-place-to-break-it-" + "x" * 60 + ".docx",
        "media_type": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "state": "failed",
        "reason": "The file cannot be read: BadZipFile: File is not a zip file. Repair it.",
        "chunks": 0,
    },
    {**FILE, "name": "السلام عليكم.md", "media_type": "text/markdown", "uploaded_by": None},
]
CREW = {
    "name": "tide-report",
    "version": 3,
    "tasks": 2,
    "agents": 2,
    "updated_at": "2026-11-20T09:12:00Z",
    "updated_by": "ada@example.org",
    "kind": "flow",
    "config": {
        "agents": {"researcher": {"role": "Researcher"}, "writer": {"role": "Writer"}},
        "tasks": [{"name": "research", "agent": "researcher"}, {"name": "write", "agent": "writer"}],
    },
    "inputs": {"topic": "tides", "days": 3},
    "placeholders": ["topic", "place"],
    "project": {
        "bundle": "4f9a1c0b" * 8,
        "entry": "tide_report.main:TideFlow",
        "kind": "flow",
        "function": "arn:aws:lambda:eu-west-1:123456789012:function:stepcrew-project-5d1f-tide-report-9a4c2e:7",
        "environment": ["OPENAI_API_KEY", "SERPER_API_KEY", "TIDE_STATION"],
        "needs": {"SERPER_API_KEY": "The tool Search the web", "TIDE_STATION": "src/tide_report/tools/stations.py:12"},
        "inputs": ["topic", "place"],
        "tools": ["Search the web", "Find a station"],
        "files": [
            "pyproject.toml",
            "src/tide_report/main.py",
            "src/tide_report/tools/a-name-without-any-place-to-break-it-" + "x" * 60 + ".py",
        ],
    },
}
ALIASES = [{"alias": "prod", "version": 2, "moved_at": "2026-11-20T09:12:00Z", "moved_by": "ada@example.org"}]

TOOLS: list[Fields] = [
    {
        "name": "CalculatorTool",
        "summary": "Calculates.",
        "secrets": [],
        "effects": False,
        "input_schema": {"type": "object", "properties": {"expression": {}}, "required": ["expression"]},
        "of_group": False,
    },
    {
        "name": "refund_order",
        "summary": "Refunds an order of the shop.",
        "secrets": ["SHOP_KEY"],
        "effects": True,
        "input_schema": {"type": "object", "properties": {"order": {}, "reason": {}}, "required": ["order"]},
        "of_group": True,
    },
    {
        "name": "SerperDevTool",
        "summary": "Searches the web with Serper.",
        "secrets": ["SERPER_API_KEY"],
        "effects": False,
        "input_schema": {"type": "object", "properties": {"search_query": {}}, "required": ["search_query"]},
        "of_group": False,
    },
]
CONNECTION = {
    "name": "openrouter",
    "provider": "openai",
    "base_url": "https://openrouter.ai/api/v1/a-name-without-any-place-to-break-it-" + "x" * 60,
    "secret": "OPENROUTER_KEY",
    "fallbacks": ["openai/gpt-5.2"],
    "updated_at": "2026-11-20T09:12:00Z",
    "updated_by": "ada@example.org",
}
PRICES = {"openrouter/meta-llama/llama-3.3-70b": {"input_usd": 0.13, "output_usd": 0.4, "cached_usd": None}}

SUMS = {
    "executions": 12,
    "completed": 10,
    "failed": 2,
    "cancelled": 0,
    "model_calls": 96,
    "tool_calls": 31,
    "total_tokens": 148_000,
    "seconds": 940,
    "model_usd": 0.61,
    "infrastructure_usd": 0.05,
    "total_usd": 0.66,
    "unpriced": 1,
}
USAGE = {
    "from": "2026-11-01",
    "to": "2026-11-28",
    "by": "crew",
    "total": {"name": "", **SUMS},
    "rows": [{"name": "tide-report", **SUMS}, {"name": "a-name-without-any-place-to-break-it-" + "x" * 60, **SUMS}],
}
STACK = {
    "version": "0.1.0",
    "price_book": "2026-11",
    "parts": [
        {"part": "starts", "healthy": True, "told": "Nothing waits to be started."},
        {"part": "sweeps", "healthy": False, "told": "The last one came 9 minutes ago."},
        {"part": "trace queue", "healthy": None, "told": "The queues did not answer."},
    ],
    "queues": [
        {"name": "trace", "waiting": 12, "in_flight": 2, "dead": 3, "redrivable": True},
        {"name": "webhook", "waiting": 0, "in_flight": 0, "dead": 1, "redrivable": False},
    ],
    "sweep": {"at": "2026-11-21T16:40:00Z", "actions": {"started": 2}, "failures": 0, "cut_short": False},
    "groups": [
        {
            "group_id": "demo",
            "open": 31,
            "may_be_open": 200,
            "running": 20,
            "may_run": 20,
            "queued": 7,
            "waiting": 4,
            "fault": "",
        },
        {
            "group_id": "a-name-without-any-place-to-break-it-" + "x" * 60,
            "open": 1,
            "may_be_open": 200,
            "running": 1,
            "may_run": 20,
            "queued": 0,
            "waiting": 0,
            "fault": "",
        },
    ],
    "executions": [
        {
            "group_id": "demo",
            "execution_id": EXECUTION,
            "status": "RUNNING",
            "queued": False,
            "attempt": 2,
            "created_at": "2026-11-21T16:40:00Z",
            "updated_at": "2026-11-21T16:41:00Z",
        },
        {
            "group_id": "research",
            "execution_id": BATCH_ID,
            "status": "PENDING",
            "queued": True,
            "attempt": 0,
            "created_at": "2026-11-21T16:42:00Z",
            "updated_at": "2026-11-21T16:42:00Z",
        },
    ],
    "open": 32,
}
BUDGETS = [
    {"crew": None, "limit_usd": 10, "spent_usd": 8.6},
    {"crew": "tide-report", "limit_usd": 0.5, "spent_usd": 0.66},
]

MOVE = {"backend": "table", "moving_to": None, "moving_into": None, "reason": ""}


def scope(path: str, records: int) -> Fields:
    times = {"oldest": "2026-11-02T08:00:00Z", "newest": "2026-11-21T16:40:00Z"}
    return {
        "path": path,
        "records": records,
        "embedder": "openai/text-embedding-3-small",
        "dimension": 1536,
        **MOVE,
        **times,
    }


def remembered(number: int, content: str, **more: Any) -> Fields:
    times = {"created_at": "2026-11-21T16:40:00Z", "updated_at": "2026-11-22T09:00:00Z"}
    origin = {"source": None, "private": False, "execution_id": EXECUTION, "expires_at": None}
    fields = {"record_id": f"r{number}", "scope": "/crews/tide-report", "content": content, "categories": ["tides"]}
    return {**fields, "importance": 0.7, "metadata": {}, **origin, **times, **more}


SCOPES = [
    scope("/crews/tide-report", 3),
    scope("/crews/tide-report/agent", 1),
    scope("/crews/tide-report/agent/Researcher", 1),
    scope("/shared", 1),
    scope("/shared/a-name-without-any-place-to-break-it-" + "x" * 60, 1),
]
RECORDS = [
    remembered(1, "The moon passes its nearest point every 27.5 days; spring tides are higher then."),
    remembered(2, "لا يحب القارئ الجداول الطويلة.", categories=[], scope="/crews/tide-report/agent/Researcher"),
    remembered(3, "without-any-place-to-break-it-" + "x" * 400, importance=0.2, execution_id=None),
    remembered(4, "Everybody reads on phones.", metadata={"asked": 12}, source="ada", private=True, scope="/shared"),
]
AUDIT = {
    "entry_id": "01a2-a1",
    "at": "2026-11-21T16:40:00Z",
    "who": "ada@example.org",
    "role": "admin",
    "action": "secrets.set_secret",
    "target": "SERPER_API_KEY",
    "request_id": "r-1",
}

ERASURE = {
    "erasure_id": "01a20d17-6f5b-7000-8000-000000000200",
    "group_id": "demo",
    "user": "bob@example.org",
    "status": "COMPLETED",
    "asked_by": "ada@example.org",
    "created_at": "2026-11-21T16:40:00Z",
    "updated_at": "2026-11-21T16:44:00Z",
    "ended_at": "2026-11-21T16:44:00Z",
    "removed": {"executions": 31, "trace_events": 2_904, "payloads": 12},
    "still_open": 0,
    "revision": 4,
}
OPEN_ERASURE = {
    **ERASURE,
    "user": "a-name-without-any-place-to-break-it-" + "x" * 60,
    "ended_at": None,
    "still_open": 2,
}

ANSWERS: dict[str, tuple[int, Any]] = {
    f"GET {path}": (200, answer)
    for path, answer in {
        "/secrets": {"secrets": SECRETS},
        "/triggers": {"triggers": TRIGGERS},
        "/triggers/inbox/firings": {"firings": [STARTED, REFUSED], "next_cursor": None},
        "/webhooks": {"webhooks": [WEBHOOK, {**WEBHOOK, "name": "old", "enabled": False, "off_reason": "It is gone."}]},
        "/decision-links": {"enabled": True, "days": 3, "keys": [LINK_KEY]},
        "/webhooks/ops/deliveries": {"deliveries": [DELIVERY], "next_cursor": None},
        "/batches": {"batches": [BATCH, {**BATCH, "name": "may", "status": "COMPLETED"}], "next_cursor": None},
        f"/batches/{BATCH_ID}": BATCH,
        "/crews/tide-report": CREW,
        "/crews/tide-report/aliases": {"aliases": ALIASES},
        "/tools": TOOLS,
        "/connections": {"connections": [CONNECTION], "operators": ["ollama"]},
        "/prices": {"models": PRICES},
        "/memory": {"scopes": SCOPES},
        "/memory/records": {"records": RECORDS, "next_cursor": "on"},
        "/usage": USAGE,
        "/operator/stack": STACK,
        "/files": {"files": FILES},
        "/audit": {"entries": [AUDIT, {**AUDIT, "entry_id": "01a2-a0", "who": None, "target": "x" * 90}]},
        "/erasures": {"erasures": [OPEN_ERASURE, ERASURE]},
        "/budgets": {"month": "2026-11", "revision": 1, "budgets": BUDGETS},
        f"/batches/{BATCH_ID}/rows": {"rows": ROWS, "next_cursor": None},
    }.items()
}
"""By method and path, for `Recorded.answers`."""
PAGES = [
    *("/secrets", "/triggers", "/webhooks", "/batches", f"/batches/{BATCH_ID}", "/memory", "/usage", "/audit"),
    "/erasures",
    *("/operator", "/files", "/crews/tide-report", "/tools"),
]
