"""Ten thousand events in the timeline scroll smoothly."""

from __future__ import annotations

import re
import statistics

import pytest
from playwright.sync_api import expect

from tests.console import stories
from tests.console.conftest import Recordings

pytestmark = pytest.mark.browser
EVENTS = 10_000
FRAMES = """async (steps) => {
  const tree = document.querySelector('[role=tree]');
  const long = (element) => element.scrollHeight > element.clientHeight + 1000;
  const scroller = [tree, ...tree.querySelectorAll('*')].find(long) ?? tree.parentElement;
  const frames = [];
  let top = 0;
  let before = await new Promise(requestAnimationFrame);
  for (let step = 0; step < steps; step++) {
    // A fling as hard as a finger can: nearly two screens of lines in every frame, down and up again.
    scroller.scrollTop += step < steps / 2 ? 900 : -900;
    top = Math.max(top, scroller.scrollTop);
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - before);
    before = now;
  }
  return {frames, top};
}"""


@pytest.mark.parametrize("zoomed", [False, True], ids=["whole", "zoomed"])
def test_ten_thousand_events_scroll_smoothly(recording: Recordings, zoomed: bool) -> None:
    page, _ = recording(stories.many(events=EVENTS))
    expect(page.get_by_role("treeitem").filter(has_text="One of many").first).to_be_visible()
    expect(page.get_by_text(re.compile("events, complete"))).to_be_visible(timeout=60_000)
    if zoomed:
        page.get_by_role("button", name="Show less time (+)").click()
    told = page.evaluate(FRAMES, 120)
    assert told["top"] > 50_000
    assert page.get_by_role("treeitem").count() < 200
    assert statistics.median(told["frames"]) <= 50, sorted(told["frames"])
