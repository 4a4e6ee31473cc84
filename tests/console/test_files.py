"""The group's files in the console: dropped, read, shown, known by a crew, saved and removed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.console.conftest import Recordings
from tests.console.person import Person
from tests.console.test_access import assert_accessible
from tests.e2e.user import User, crew, task

pytestmark = pytest.mark.browser
SignIn = Callable[..., Person]
QUESTION = "What does Ada drink? green tea lemon noon"
HANDBOOK = "# Tea\n\nAda drinks green tea with lemon at noon.\n"
DROPPED = """([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  return data;
}"""


def drop(page: Page, name: str, text: str) -> None:
    data = page.evaluate_handle(DROPPED, [name, text])
    page.get_by_role("region", name="Upload").dispatch_event("drop", {"dataTransfer": data})


def test_a_file_is_dropped_read_and_known_by_a_crew_whose_hit_is_opened(
    page: Page, sign_in: SignIn, ada_api: User, tmp_path: Path
) -> None:
    sign_in("ada", "/g/demo/files")
    expect(page.get_by_text("The group has no files")).to_be_visible()
    drop(page, "handbook.md", HANDBOOK)
    row = page.get_by_role("row", name=re.compile("handbook.md"))
    expect(row).to_contain_text("Ready, 1 chunk", timeout=60_000)
    drop(page, "broken.pdf", "%PDF-1.4 nothing of it")
    expect(page.get_by_role("row", name=re.compile("broken.pdf"))).to_contain_text("cannot be read", timeout=60_000)
    assert_accessible(page)

    page.get_by_role("button", name="handbook.md", exact=True).click()
    expect(page.get_by_role("dialog").get_by_role("heading", name="Tea")).to_be_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download handbook.md").click()
    assert Path(saved.value.path()).read_text() == HANDBOOK
    page.get_by_role("button", name="broken.pdf", exact=True).click()
    with page.expect_popup() as popup, page.context.expect_event("response") as answer:
        page.get_by_role("button", name="Open broken.pdf").click()
    assert popup.value
    assert answer.value.ok
    page.keyboard.press("Escape")

    known = crew(task(f"{QUESTION} [[say {QUESTION}]]", "answer", output_file="tea.md"), name="tea")
    done = ada_api.run({**known, "knowledge_sources": [{"file": "handbook.md"}]})
    person = Person(page)
    person.open(done["execution_id"])
    person.line("Knowledge retrieval").first.click()
    panel = page.get_by_role("complementary", name="Event")
    expect(panel).to_contain_text(QUESTION)
    expect(panel).to_contain_text(re.compile(r"\[handbook\.md, line 1, 0\.\d\d\]"))
    expect(panel).to_contain_text("Ada drinks green tea with lemon at noon.")
    person.tab("Result")
    page.get_by_text("tea.md").click()
    expect(page.get_by_role("group").filter(has_text="tea.md")).to_contain_text("What does Ada drink?")

    page.goto("/g/demo/new")
    editor = page.get_by_role("textbox", name=re.compile("crew|definition", re.IGNORECASE)).first
    editor.click()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text(json.dumps(crew(task("Sum up {book}: [[say IT WAS READ]]"), name="reading")))
    page.get_by_role("combobox", name="File for book").select_option("handbook.md")
    assert_accessible(page)
    page.get_by_role("button", name="Run this crew").click()
    page.wait_for_url(re.compile(r"/executions/[0-9a-f-]{36}"))
    ended = ada_api.ended(re.findall(r"/executions/([0-9a-f-]{36})", page.url)[0])
    assert (ended["status"], ended["error"]) == ("COMPLETED", None)
    assert "Ada drinks green tea with lemon at noon." in str(ada_api.trace(ended["execution_id"]))

    page.goto("/g/demo/files")
    for name, told in (("handbook.md", "Removed handbook.md: 48 B and 1 chunk."), ("broken.pdf", "Removed broken.pdf")):
        page.get_by_role("button", name=f"Remove {name}").click()
        page.get_by_role("button", name="Remove", exact=True).click()
        expect(page.get_by_text(re.compile(re.escape(told)))).to_be_visible()
    expect(page.get_by_text("The group has no files")).to_be_visible()


def test_a_viewer_looks_at_files_and_changes_none(recording: Recordings) -> None:
    page, _ = recording(path="/g/demo/files", role="viewer")
    expect(page.get_by_role("row", name=re.compile("handbook.pdf"))).to_contain_text("Ready, 312 chunks")
    expect(page.get_by_role("button", name=re.compile("Download"))).to_have_count(4)
    expect(page.get_by_role("button", name=re.compile("Remove|Choose files"))).to_have_count(0)
