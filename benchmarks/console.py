"""What somebody in front of the console feels: how long a frame takes, and how late the live view is."""

from __future__ import annotations

import json
import re
import shutil
import statistics
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright
from tests.console import stories
from tests.console.conftest import FLAGS, NAMES
from tests.console.fling import EVENTS, fling
from tests.console.person import Person
from tests.console.recorded import ORIGIN, Recorded
from tests.e2e.user import User, crew, task

from benchmarks.report import Figure, NotMeasured, median, spread
from scripted_model import scripted_model
from stepcrew_local.provider import external_model
from stepcrew_local.stack import StackOptions, running_stack

FRAME_MS = 50
LAG_SECONDS = 1.0
ANSWERS = 30
DIST = Path(__file__).parent.parent / "console/dist"
WATCH = """() => {
  window.seen = {};
  new MutationObserver(() => {
    for (const line of document.querySelectorAll('[role=treeitem]')) {
      const answer = /Answer \\d+ of many/.exec(line.textContent)?.[0];
      if (answer && !(answer in window.seen)) window.seen[answer] = Date.now() / 1000;
    }
  }).observe(document.body, {subtree: true, childList: true, characterData: true});
}"""


def measure() -> list[Figure]:
    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    if not chromium or not DIST.is_dir():
        raise NotMeasured("Chromium or a built console is not there: run make build and npm run build in console.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        figures = [*frames(browser), live(browser)]
        browser.close()
    return figures


def frames(browser: Browser) -> Iterator[Figure]:
    story = stories.many(events=EVENTS)
    for zoomed in (False, True):
        context = browser.new_context(base_url=ORIGIN, viewport={"width": 1360, "height": 860})
        Recorded(story).serve(context)
        page = context.new_page()
        page.goto(f"/g/demo/executions/{story.id}")
        told: list[float] = fling(page, zoomed=zoomed)["frames"]
        context.close()
        most = statistics.quantiles(told, n=20)[-1]
        yield Figure(
            f"A frame of scrolling {EVENTS:,} events{', zoomed in' if zoomed else ''}",
            f"{median(told):.0f} ms (95 % below {most:.0f} ms)",
            f"≤ {FRAME_MS} ms",
            median(told) <= FRAME_MS,
            f"Chromium without a graphics card, nearly two screens further in each of {len(told)} frames",
        )


@contextmanager
def _stack() -> Generator[str]:
    with scripted_model() as model:
        options = StackOptions(port=0, model=external_model(model.url), environment={})
        with running_stack(options) as stack:
            stack.wait_until_healthy()
            yield stack.url


def live(browser: Browser) -> Figure:
    tasks = [task(f"[[slow 0.4]] [[say Answer {number} of many.]]", f"t{number}") for number in range(ANSWERS)]
    with _stack() as url, User(url, "ada") as user:
        user.run(crew(task("[[say Warm.]]", "warm")))
        context = browser.new_context(base_url=url, viewport={"width": 1360, "height": 2400})
        page = context.new_page()
        page.goto("/")
        Person(page).choose("ada")
        execution_id = user.submit(crew(*tasks, name="followed"))
        page.goto(f"/executions/{execution_id}")
        page.evaluate(WATCH)
        expect(page.get_by_role("treeitem").filter(has_text="Crew completed")).to_be_visible(timeout=120_000)
        seen: dict[str, float] = page.evaluate("window.seen")
        context.close()
        events = user.trace(execution_id)
    lags: list[float] = []
    for event in events:
        found = re.search(r"Answer \d+ of many", json.dumps(event["output"]))
        if event["event_type"] == "llm_call_completed" and found and found[0] in seen:
            lags.append(seen[found[0]] - datetime.fromisoformat(event["emitted_at"]).timestamp())
    return Figure(
        "Event emitted → to be read in the console",
        spread(lags, "s"),
        f"≤ {LAG_SECONDS:g} s in the median",
        median(lags) <= LAG_SECONDS,
        f"the answers of {ANSWERS} model calls of 0.4 s each, on the local stack, followed in Chromium",
    )
