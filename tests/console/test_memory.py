"""What crews remember: the page of the group's memory, and the searches of a run in its timeline."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.console import settings, stories
from tests.console.conftest import Recordings
from tests.console.recorded import until_asked
from tests.console.story import Story

pytestmark = pytest.mark.browser
PAGE = "/g/demo/memory"
ADAS = "/crews/tide-report/agent/Researcher"


def test_a_scope_is_looked_at_saved_and_removed(recording: Recordings) -> None:
    page, recorded = recording(stories.report(), path=PAGE, role="admin")
    recorded.answers["GET /memory/export"] = (200, settings.RECORDS[1])
    receipt = {"scope": ADAS, "records": 1, "vectors": 1, "executions": [settings.EXECUTION], "deleted_at": "x"}
    recorded.answers[f"DELETE /memory/scopes{ADAS}"] = (200, receipt)
    page.get_by_role("link", name="Memory").click()
    page.get_by_role("navigation", name="Scopes").get_by_role("link", name="Researcher").click()
    expect(page.get_by_role("heading", name=ADAS)).to_be_visible()
    until_asked(page, recorded, "GET /memory/records?", "Researcher")
    with page.expect_download() as download:
        page.get_by_role("button", name="Export").click()
    assert download.value.suggested_filename == "memory-crews-tide-report-agent-Researcher.jsonl"
    page.get_by_role("button", name="Remove the scope").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.get_by_role("status").filter(has_text="Removed 1 record and 1 kept vector from")).to_be_visible()
    assert recorded.sent[-1][:2] == ("DELETE", f"/memory/scopes{ADAS}")


def test_the_timeline_shows_what_was_asked_of_memory_and_what_was_found(recording: Recordings) -> None:
    story = Story(1, "tide-report", agents=stories.AGENTS, tasks=stories.THREE[:1])
    story.start()
    research = story.task("research", "Researcher")
    research.recall("What do readers like?", ("Everybody reads on phones.", 0.73), ("Long tables tire.", 0.41))
    research.done("Short texts.")
    page, _ = recording(story.finish())
    page.get_by_role("treeitem").filter(has_text="Memory query").click()
    panel = page.get_by_role("complementary", name="Event")
    expect(panel.get_by_role("heading", name="Query", exact=True)).to_be_visible()
    expect(panel.get_by_text("What do readers like?")).to_have_count(1)
    hits = panel.get_by_role("list", name="Found").get_by_role("listitem")
    expect(hits).to_have_count(2)
    expect(hits.first).to_contain_text("0.73")
    expect(hits.first).to_contain_text("Everybody reads on phones.")
    expect(hits.first).to_contain_text("/crews/tide-report")
