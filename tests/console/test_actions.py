"""Five things people come for, each in at most three actions: a click, a tap or a key."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.console import stories
from tests.console.conftest import Recordings

pytestmark = pytest.mark.browser
LIST = "/g/demo/executions"
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
MOST = 3


class Counting:
    """Counts what somebody does."""

    def __init__(self) -> None:
        self.actions = 0

    def click(self, what: Locator) -> None:
        self.actions += 1
        assert self.actions <= MOST
        expect(what).to_be_in_viewport()
        what.click()


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("link", name=name).first


def test_why_it_failed(recording: Recordings) -> None:
    page, _ = recording(stories.failed(), path=LIST)
    person = Counting()
    person.click(row(page, "tide-report"))
    expect(page.get_by_role("alert")).to_contain_text("The model openai/gpt-5.2 answered with status 500.")
    person.click(page.get_by_role("link", name="Show the call"))
    expect(page.get_by_role("complementary", name="Event").get_by_text("Error code: 500").first).to_be_visible()


def test_the_slowest_call(recording: Recordings) -> None:
    page, _ = recording(stories.report(), path=LIST)
    person = Counting()
    person.click(row(page, "tide-report"))
    person.click(page.get_by_role("button", name="Slowest call"))
    expect(page.get_by_role("complementary", name="Event").get_by_text("4.20 s")).to_be_visible()


def test_a_prompt_of_100_kb(recording: Recordings) -> None:
    page, _ = recording(stories.large(), path=LIST)
    person = Counting()
    person.click(row(page, "library"))
    person.click(page.get_by_role("treeitem").filter(has_text="Decided"))
    panel = page.get_by_role("complementary", name="Event")
    expect(panel.get_by_role("heading", name="The book of tides")).to_be_visible()
    expect(panel.locator("em", has_text="neap")).to_be_visible()


def test_approving_on_a_phone(recording: Recordings) -> None:
    page, recorded = recording(stories.asking(), path=LIST, **PHONE)
    person = Counting()
    person.click(page.get_by_role("navigation", name="Main").get_by_role("link", name=re.compile("^Approvals")))
    person.click(page.get_by_role("button", name="Approve", exact=True))
    expect(page.get_by_text("Approved by ada", exact=False).first).to_be_visible()
    [(_, _, sent)] = recorded.sent
    assert sent["decision"] == "approve"


def test_comparing_two_executions(recording: Recordings) -> None:
    page, _ = recording(stories.report(1), stories.report(2, answer="Short."), path=LIST)
    person = Counting()
    person.click(page.get_by_role("checkbox").nth(0))
    person.click(page.get_by_role("checkbox").nth(1))
    person.click(page.get_by_role("button", name="Compare the two"))
    expect(page.get_by_role("article", name="write").locator("ins, del").first).to_be_visible()
