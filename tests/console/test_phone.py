"""On a phone, with other scripts, with long names: nothing is cut without a way to read it, nothing runs over."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.console import stories
from tests.console.conftest import Recordings
from tests.console.views import every_view, turn_to

pytestmark = pytest.mark.browser
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

SMALL = """() => [...document.querySelectorAll(
  'button, select, input:not([hidden]), textarea, a.button, nav a')].flatMap((element) => {
  const target = element.closest('label') ?? element;
  const {width, height} = target.getBoundingClientRect();
  if (width === 0 || element.closest('.cm-editor, .skip, [aria-hidden=true]') || !element.checkVisibility()) return [];
  const size = parseFloat(getComputedStyle(element).fontSize);
  const field = element.matches('input:not([type=checkbox]), select, textarea');
  const small = Math.round(height) < 44 || (field && size < 16);
  return small ? [`${element.outerHTML.slice(0, 120)} ${Math.round(height)} px`] : [];
})"""

# Links to the page that is shown, in rows that are wider than the screen.
OUT_OF_SIGHT = """() => [...document.querySelectorAll('nav [aria-current=page]')].flatMap((link) => {
  const {left, right} = link.getBoundingClientRect();
  return left >= 0 && right <= innerWidth ? [] : [link.textContent];
})"""

LEFT = """() => [...document.querySelectorAll('body *')].flatMap((element) => {
  if (element.closest('.cm-editor, option, title, [hidden]') || !element.checkVisibility()) return [];
  const own = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join('');
  const strong = /[A-Za-z\\u0590-\\u06ff]/.exec(own)?.[0] ?? '';
  if (!/[\\u0590-\\u06ff]/.test(strong)) return [];
  const {direction, unicodeBidi} = getComputedStyle(element);
  return direction === 'rtl' || unicodeBidi === 'plaintext' ? [] : [element.outerHTML.slice(0, 160)];
})"""

OVER = """(most) => [...document.querySelectorAll('main *, header *')].flatMap((element) => {
  if (!element.checkVisibility() || element.closest('.cm-editor, .visually-hidden, .timeline-sticky')) return [];
  const {left, right, width} = element.getBoundingClientRect();
  let clip = element.parentElement;
  for (; clip && getComputedStyle(clip).overflowX === 'visible'; clip = clip.parentElement);
  const outside = !clip && width > 0 && (right > most + 1 || left < -1);
  return outside ? [element.outerHTML.slice(0, 120)] : [];
})"""


def test_fingers_hit_everything_and_fields_do_not_zoom(recording: Recordings) -> None:
    story = stories.failed()
    page, _ = recording(story, path="/g/demo/executions", role="admin", **PHONE)
    for path in every_view(story):
        turn_to(page, path)
        assert page.evaluate(SMALL) == [], path
        assert page.evaluate(OUT_OF_SIGHT) == [], path


def test_arabic_and_hebrew_run_from_right_to_left(recording: Recordings) -> None:
    story = stories.arabic()
    page, _ = recording(story, path="/g/demo/executions")
    asked = stories.arabic_asking()
    for path in every_view(story):
        turn_to(page, path)
        assert page.evaluate(LEFT) == [], path
    page, _ = recording(asked, path="/g/demo/approvals")
    expect(page.get_by_role("form", name="Decide")).to_be_visible()
    assert page.evaluate(LEFT) == []


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_long_names_run_over_nothing(recording: Recordings, options: dict[str, Any]) -> None:
    story = stories.long_names()
    page, _ = recording(story, path="/g/demo/executions", role="admin", **options)
    for path in every_view(story):
        turn_to(page, path)
        width = options.get("viewport", {"width": 1360})["width"]  # a phone widens the page to what runs over
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.evaluate(OVER, width) == [], path


def test_a_cut_name_is_whole_on_hover_and_on_focus(recording: Recordings) -> None:
    page, _ = recording(stories.long_names(), path="/g/demo/executions")
    link = page.get_by_role("row").get_by_role("link").first
    expect(link).to_be_visible()
    link.focus()
    expect(page.get_by_role("tooltip").filter(has_text=stories.LONG_NAME)).to_be_visible()
    page.goto(f"/g/demo/executions/{stories.long_names().id}")
    line = page.get_by_role("treeitem").filter(has_text="A long sentence").first
    line.locator(".row-preview").hover()
    told = line.locator(".row-preview")
    expect(told).to_have_attribute("title", re.compile("A long sentence about long names"))


def test_the_head_and_the_filters_open_when_they_are_asked_for(recording: Recordings) -> None:
    page, _ = recording(stories.report(), **PHONE)
    expect(page.get_by_role("treeitem").first).to_be_in_viewport(ratio=1)
    facts = page.get_by_text("Model calls", exact=True)
    expect(facts).to_be_hidden()
    page.get_by_role("button", name="More", exact=True).tap()
    expect(facts).to_be_visible()
    slowest = page.get_by_role("button", name="Slowest call")
    expect(slowest).to_be_hidden()
    page.get_by_role("button", name="Filters, jumps and times").tap()
    expect(page.get_by_role("list", name="Where the time went").get_by_text("Platform")).to_be_visible()
    slowest.tap()
    expect(page.get_by_role("complementary", name="Event").get_by_text("4.20 s")).to_be_visible()
    page.go_back()
    page.evaluate("window.scrollTo(0, 500)")
    assert page.evaluate("window.scrollY") > 0  # the page scrolls, not a window inside it


def test_tasks_are_cards_that_tell_everything(recording: Recordings) -> None:
    page, _ = recording(stories.report(), path=f"/g/demo/executions/{stories.report().id}/tasks", **PHONE)
    card = page.locator("tr").filter(has_text="Researcher")
    for text in ("research", "Researcher", "Done", "3.00 s", "1.8K", "$0.0080"):
        expect(card.get_by_text(text, exact=False).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_two_executions_are_picked_and_compared(recording: Recordings) -> None:
    page, _ = recording(stories.report(1), stories.report(2), path="/g/demo/executions", **PHONE)
    boxes = page.get_by_role("checkbox")
    boxes.nth(0).tap()
    boxes.nth(1).tap()
    page.get_by_role("button", name="Compare the two").tap()
    expect(page.get_by_role("region", name="Definition and inputs")).to_be_visible()


def test_back_closes_the_sheet(recording: Recordings) -> None:
    page, _ = recording(stories.report(), **PHONE)
    page.get_by_role("treeitem").filter(has_text="Edited: the moon").tap()
    sheet = page.get_by_role("complementary", name="Event")
    expect(sheet).to_be_visible()
    page.go_back()
    expect(sheet).to_be_hidden()
    expect(page.get_by_role("tree")).to_be_visible()
