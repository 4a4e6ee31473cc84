"""Deciding: what was expected, what changed since the last draft, and the buttons in sight; by keyboard, on a phone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.console import stories
from tests.console.conftest import Recordings

pytestmark = pytest.mark.browser
PAGES = pytest.mark.parametrize("path", ["/g/demo/approvals", "/approvals"], ids=["list", "execution"])


@PAGES
def test_what_was_expected_and_what_changed_are_told(recording: Recordings, path: str) -> None:
    page, _ = recording(stories.asking(), path=path if path.startswith("/g") else "")
    if not path.startswith("/g"):
        page.get_by_role("link", name="Read and decide").click()
    card = page.get_by_role("article", name="Judge the answer of draft").first
    expect(card.get_by_text("Two sentences about the moon.")).to_be_visible()
    expect(card.get_by_text("Shorter, please.").first).to_be_visible()
    card.get_by_role("button", name="What changed").click()
    expect(card.locator("ins").filter(has_text="sun")).to_be_visible()
    expect(card.locator("del").first).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(1360, 860), (390, 844), (844, 390)])
def test_the_ways_to_decide_are_in_sight_however_long_the_answer(
    recording: Recordings, width: int, height: int
) -> None:
    page, _ = recording(stories.asking(), path="/g/demo/approvals", viewport={"width": width, "height": height})
    approve = page.get_by_role("button", name="Approve", exact=True)
    page.get_by_role("article").evaluate("article => article.scrollIntoView()")
    expect(approve).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Reject…")).to_be_in_viewport(ratio=1)


def test_a_question_is_decided_by_keyboard_and_never_by_one_key(recording: Recordings) -> None:
    page, recorded = recording(stories.asking(), path="/g/demo/approvals")
    approve = page.get_by_role("button", name="Approve", exact=True)
    expect(approve).to_be_visible()
    page.keyboard.press("a")
    expect(approve).to_be_focused()
    assert recorded.sent == []
    page.keyboard.press("r")
    comment = page.get_by_role("textbox", name=re.compile("Comment"))
    expect(comment).to_be_focused()
    page.keyboard.type("Without the moon.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Sent back to be revised by ada", exact=False).first).to_be_visible()
    [(_, _, sent)] = recorded.sent
    assert (sent["decision"], sent["comment"]) == ("revise", "Without the moon.")
