"""Ten thousand events in the timeline scroll smoothly."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.console.person import Person
from tests.e2e.user import User, crew, task

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


def many(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The trace of a real execution with its model call repeated."""
    started = next(one for one in events if one["event_type"] == "llm_call_started")
    completed = next(one for one in events if one["event_type"] == "llm_call_completed")
    at = datetime.fromisoformat(events[-1]["emitted_at"])
    made: list[dict[str, Any]] = []
    for number in range(len(events) + 1, EVENTS + 1, 2):
        at += timedelta(milliseconds=20)
        made.append(started | {"id": f"1.{number}", "sequence": number, "emitted_at": at.isoformat()})
        ending = {"id": f"1.{number + 1}", "sequence": number + 1, "started_sequence": number, "duration_ms": 15}
        made.append(completed | ending | {"emitted_at": (at + timedelta(milliseconds=15)).isoformat()})
    return events + made


def test_ten_thousand_events_scroll_smoothly(page: Page, sign_in: Callable[..., Person], ada_api: User) -> None:
    done = ada_api.run(crew(task("[[say One of many.]]"), name="many"))
    events = many(ada_api.trace(done["execution_id"]))

    def answer(route: Route) -> None:
        first = int((route.request.url.split("after=p")[1:] or ["0"])[0])
        body = {"events": events[first : first + 500], "cursor": f"p{first + 500}", "gaps": [], "status": "COMPLETED"}
        more = first + 500 < len(events)
        route.fulfill(json=body | {"more": more, "complete": not more})

    page.route("**/traces?*", answer)
    ada = sign_in("ada")
    ada.open(done["execution_id"])
    expect(ada.line("One of many").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    told = page.evaluate(FRAMES, 120)
    assert told["top"] > 50_000
    assert page.get_by_role("treeitem").count() < 200
    assert statistics.median(told["frames"]) <= 50, sorted(told["frames"])
