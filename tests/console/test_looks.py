"""What every view shares: letters that stand for themselves, one left edge, colours with one meaning each."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.console import settings, stories
from tests.console.conftest import Recordings
from tests.console.views import every_view, settled, turn_to

pytestmark = pytest.mark.browser
CODE = "```yaml\ntext: >-\n  a --> b != c\n```\n\nIn prose: --> and `=>`."
GUTTER = 18

JOINED = """() => [...document.querySelectorAll('body *')].flatMap((element) => {
  const own = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data).join('').trim();
  const {fontVariantLigatures: ligatures} = getComputedStyle(element);
  return own && ligatures !== 'none' ? [`${element.outerHTML.slice(0, 120)} ${ligatures}`] : [];
})"""

# The left edge of what each block of a view shows: its border where it has one, else its first text or field.
EDGES = """() => [...document.querySelectorAll('.page > *, .execution-head > *, .tab-body > *')].flatMap((block) => {
  const shown = [block, ...block.querySelectorAll('*')].filter((element) => {
    if (!element.checkVisibility() || element.closest('.visually-hidden, .empty, .notice, [hidden]')) return false;
    const {borderLeftWidth, borderLeftColor} = getComputedStyle(element);
    const framed = parseFloat(borderLeftWidth) > 0 && !/^rgba.*, 0\\)$/.test(borderLeftColor);
    const told = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    return framed || told;
  });
  const left = Math.min(...shown.map((element) => element.getBoundingClientRect().left));
  return Number.isFinite(left) ? [[block.className || block.tagName, Math.round(left)]] : [];
})"""


def test_letters_of_code_and_text_are_shown_as_they_stand(recording: Recordings) -> None:
    story, asked = stories.report(answer=CODE), stories.asking()
    story.logs = [{"timestamp": story.now(), "level": "INFO", "logger": "crew", "message": "a --> b", "attempt": 1}]
    failed = stories.failed()
    page, _ = recording(story, asked, failed, path="/g/demo/executions", role="admin")
    for path in [*every_view(story, asked), f"/g/demo/executions/{failed.id}"]:
        page.goto(path)  # each address also leads to its view by itself
        settled(page)
        if "event=" in path:
            expect(page.locator(".json-tree").first).to_be_visible()
        assert page.evaluate(JOINED) == [], path


@pytest.mark.parametrize(("width", "gutter"), [(1360, GUTTER), (390, None)])
def test_everything_begins_at_the_same_edge(recording: Recordings, width: int, gutter: int | None) -> None:
    story, asked = stories.failed(), stories.asking()
    page, _ = recording(story, asked, path="/g/demo/executions", role="admin", viewport={"width": width, "height": 860})
    for path in every_view(story, asked):
        turn_to(page, path)
        edges = page.evaluate(EDGES)
        lefts = {left for _, left in edges}
        assert edges, path
        assert len(lefts) == 1, (path, edges)
        assert gutter is None or lefts == {gutter}, (path, edges)


def test_no_side_of_a_comparison_has_the_colour_of_a_model(recording: Recordings) -> None:
    first, second = stories.report(1), stories.report(2, answer="Short.")
    page, _ = recording(first, second, path=f"/g/demo/compare?a={first.id}&b={second.id}")
    colours = [
        page.locator(f".side-{side}").first.evaluate("bar => getComputedStyle(bar).backgroundColor") for side in (0, 1)
    ]
    page.goto(f"/g/demo/executions/{first.id}")
    bar = page.locator(".bar-llm").first
    expect(bar).to_be_visible()
    assert len({*colours, bar.evaluate("bar => getComputedStyle(bar).backgroundColor")}) == 3


# The first cell of a table and the head above it, where they begin at different places.
BESIDE = """() => [...document.querySelectorAll('.settings-table')].flatMap((table) => {
  const left = (cell) => {
    const range = document.createRange();
    range.selectNodeContents(document.createTreeWalker(cell, NodeFilter.SHOW_TEXT).nextNode());
    const shown = [range, ...cell.querySelectorAll('svg')];
    return Math.round(Math.min(...shown.map((one) => one.getBoundingClientRect().left)));
  };
  const [head, cell] = [table.querySelector('th'), table.querySelector('td')];
  if (/right|end/.test(getComputedStyle(cell).textAlign)) return [];
  return left(head) === left(cell) ? [] : [`${head.textContent}: ${left(head)}, ${cell.textContent}: ${left(cell)}`];
})"""

# Headings, forms and tables of a section that touch each other.
TOUCHING = """() => [...document.querySelectorAll('.page > section')].flatMap((section) => {
  const blocks = [...section.children].filter((one) => !one.ariaHidden && one.checkVisibility());
  return blocks.slice(1).flatMap((block, before) => {
    const gap = block.getBoundingClientRect().top - blocks[before].getBoundingClientRect().bottom;
    return gap < 2 ? [`${section.ariaLabel}: ${block.outerHTML.slice(0, 80)}`] : [];
  });
})"""


def test_tables_begin_below_their_heads_and_nothing_touches_what_stands_above_it(recording: Recordings) -> None:
    page, _ = recording(stories.report(), path="/g/demo/executions", role="admin")
    for path in settings.PAGES:
        turn_to(page, f"/g/demo{path}")
        assert page.evaluate(BESIDE) == [], path
        assert page.evaluate(TOUCHING) == [], path
