"""Scrolling a long trace as hard as a finger can."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect

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


def fling(page: Page, *, zoomed: bool) -> dict[str, Any]:
    """Scrolls the timeline of an execution with `EVENTS` events; answers the milliseconds of each of its `frames` and
    how far down it came (`top`, pixels)."""
    expect(page.get_by_role("treeitem").filter(has_text="One of many").first).to_be_visible()
    expect(page.get_by_text(re.compile("events, complete"))).to_be_visible(timeout=60_000)
    if zoomed:
        page.get_by_role("button", name="Show less time (+)").click()
    return page.evaluate(FRAMES, 120)
