"""Batches and webhooks in the console: run, followed, saved; set, looked into, delivered again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.console import stories
from tests.console.conftest import Recordings
from tests.console.person import Person
from tests.console.test_access import assert_accessible
from tests.e2e.user import User, crew, task

pytestmark = pytest.mark.browser
SignIn = Callable[..., Person]
HOOK: dict[str, Any] = {
    "name": "ops",
    "url": "https://ops.example.com/crews",
    "secret": "WEBHOOK_OPS",
    "events": ["failed"],
    "crews": None,
    "format": "standard",
    "enabled": True,
    "off_reason": "",
    "revision": 1,
    "made_by": "ada@example.org",
    "created_at": "2026-11-24T10:00:00Z",
    "updated_at": "2026-11-24T10:00:00Z",
}
ANSWER = {"at": "2026-11-24T10:00:01Z", "status": 503, "body": "busy", "reason": "", "milliseconds": 20}
DELIVERY: dict[str, Any] = {
    "delivery_id": "msg_1",
    "execution_id": "01a20d17-6f5b-7000-8000-000000000001",
    "event_id": "01a2.9",
    "event_type": "stepcrew.execution.failed",
    "state": "FAILED",
    "reason": "The receiver answered 503. It was tried 8 times.",
    "created_at": "2026-11-24T10:00:00Z",
    "next_try_at": None,
    "request": '{"specversion":"1.0"}',
    "attempts": [ANSWER],
    "tries": 8,
    "round": 1,
}


def test_a_batch_is_run_from_a_file_followed_and_its_results_are_saved(
    page: Page, sign_in: SignIn, ada_api: User
) -> None:
    config = crew(task("About {topic}. [[say OF-{topic}]]"))
    assert ada_api.put("/crews/rows", json={"config": config}).status_code == 201
    sign_in("ada", "/g/demo/batches")
    form = page.get_by_role("form", name="Run a batch")
    form.get_by_label(re.compile("^Crew")).fill("rows")
    rows = {"name": "june.csv", "mimeType": "text/csv", "buffer": b"topic\nrain\nsnow\n"}
    form.get_by_label(re.compile("^Rows")).set_input_files(rows)  # pyright: ignore[reportArgumentType]
    expect(page.get_by_text("2 rows")).to_be_visible()
    form.get_by_role("button", name="Run").click()
    expect(page).to_have_url(re.compile(r"/g/demo/batches/[0-9a-f-]+$"))
    expect(page.get_by_role("progressbar", name="2 of 2 rows")).to_be_visible(timeout=60_000)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Results").click()
    lines = [json.loads(line) for line in Path(saved.value.path()).read_text().splitlines()]
    assert [(one["row"], one["inputs"], one["output"]) for one in lines] == [
        (1, {"topic": "rain"}, "OF-rain"),
        (2, {"topic": "snow"}, "OF-snow"),
    ]
    assert_accessible(page)
    page.get_by_role("region", name="Rows of the batch").get_by_role("link").first.click()
    page.get_by_role("link", name=re.compile("^row ")).click()
    expect(page).to_have_url(re.compile("/batches/"))


def test_a_webhook_is_set_looked_into_and_told_again(recording: Recordings) -> None:
    page, recorded = recording(stories.failed(), path="/g/demo/executions", role="admin")
    recorded.answers |= {
        "GET /webhooks": (200, {"webhooks": [HOOK]}),
        "PUT /webhooks/ops": (200, HOOK),
        "GET /webhooks/ops/deliveries": (200, {"deliveries": [DELIVERY], "next_cursor": None}),
        "POST /webhooks/ops/deliveries/msg_1/redeliver": (202, {"delivery_id": "msg_1"}),
        "POST /webhooks/ops/test": (202, {"delivery_id": "msg_2"}),
    }
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Webhooks").click()
    form = page.get_by_role("form", name="Set a webhook")
    form.get_by_label("Name", exact=True).fill("ops")
    form.get_by_label(re.compile("^Address")).fill("https://ops.example.com/crews")
    form.get_by_label(re.compile("^Secret")).fill("WEBHOOK_OPS")
    form.get_by_role("button", name="Set").click()
    expect(page.get_by_text("ops is set.")).to_be_visible()
    log = page.get_by_role("region", name="Deliveries of ops")
    log.get_by_text("503, 8 tries").click()
    expect(log.get_by_text("busy")).to_be_visible()
    assert_accessible(page)
    log.get_by_role("button", name=re.compile("Deliver again")).click()
    page.get_by_role("button", name="Send a sample to ops").click()
    log.get_by_role("link", name="01a20d17-6f5b").click()
    expect(page).to_have_url(re.compile("/executions/01a20d17"))
    assert [path for _, path, _ in recorded.sent] == [
        "/webhooks/ops",
        "/webhooks/ops/deliveries/msg_1/redeliver",
        "/webhooks/ops/test",
    ]
