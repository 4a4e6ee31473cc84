"""An admin has what a person submitted removed, and keeps the receipt in sight."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.console import settings, stories
from tests.console.conftest import Recordings

pytestmark = pytest.mark.browser
BOB = "bob@example.org"
ADDRESS = "/users/bob%40example.org"


def test_a_persons_data_is_erased_after_their_name_was_written_again(recording: Recordings) -> None:
    page, recorded = recording(stories.report(), path="/g/demo/executions", role="admin")
    recorded.answers["GET /erasures"] = 200, {"erasures": []}
    recorded.answers[f"DELETE {ADDRESS}"] = 202, settings.ERASURE
    page.get_by_role("button", name="ada", exact=False).first.click()
    page.get_by_role("menuitem", name="Erasures").click()
    page.get_by_role("textbox", name="Person").fill(BOB)
    page.get_by_role("button", name="Erase…").click()
    dialog = page.get_by_role("dialog")
    remove = dialog.get_by_role("button", name="Remove")
    expect(remove).to_be_disabled()
    dialog.get_by_label(f"Write {BOB} to confirm").fill(BOB)
    recorded.answers["GET /erasures"] = 200, {"erasures": [settings.ERASURE]}
    remove.click()
    row = page.get_by_role("region", name="Receipts").get_by_role("row").filter(has_text=BOB)
    expect(row).to_contain_text("31 executions, 2,904 trace events, 12 payloads")
    assert [(method, path) for method, path, _ in recorded.sent] == [("DELETE", ADDRESS)]
    page.get_by_role("link", name="audit log").click()
    expect(page.get_by_label("Action")).to_have_value("erasures.")
