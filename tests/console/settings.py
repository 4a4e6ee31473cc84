"""What a group has beside its executions, as the API answers it: secrets, triggers, webhooks, batches."""

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
BUDGETS = [
    {"crew": None, "limit_usd": 10, "spent_usd": 8.6},
    {"crew": "tide-report", "limit_usd": 0.5, "spent_usd": 0.66},
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
        "/usage": USAGE,
        "/audit": {"entries": [AUDIT, {**AUDIT, "entry_id": "01a2-a0", "who": None, "target": "x" * 90}]},
        "/budgets": {"month": "2026-11", "revision": 1, "budgets": BUDGETS},
        f"/batches/{BATCH_ID}/rows": {"rows": ROWS, "next_cursor": None},
    }.items()
}
"""By method and path, for `Recorded.answers`."""
PAGES = ["/secrets", "/triggers", "/webhooks", "/batches", f"/batches/{BATCH_ID}", "/usage", "/audit"]
