"""The console in a real browser: what a person does with it, from signing in to comparing two executions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.console import stories
from tests.console.conftest import Recordings
from tests.console.person import Person
from tests.console.recorded import until
from tests.e2e.user import User, agent, crew, task

pytestmark = pytest.mark.browser
SignIn = Callable[..., Person]
SLOW = "[[slow 120]] [[say Never.]]"
HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\"> "
    "[go](javascript:alert(1)) \x1b[31mred"
)


def two_agents(second: str, **more: Any) -> dict[str, Any]:
    return {
        "name": "report",
        "agents": {"worker": agent("Researcher"), "writer": agent("Writer")},
        "tasks": [
            task("[[say **Tides** come from the moon.]]", "research"),
            task(second, "write") | {"agent": "writer"},
        ],
        **more,
    }


def test_sign_in_watch_open_an_event_and_cancel(page: Page, sign_in: SignIn, ada_api: User) -> None:
    ada = sign_in("ada")
    execution_id = ada_api.submit(two_agents(SLOW))
    page.goto("/executions")
    page.get_by_role("link", name=re.compile("^report")).first.click()
    expect(ada.line("Researcher").first).to_be_visible(timeout=60_000)
    expect(ada.line(re.compile("^.*write")).first).to_be_visible(timeout=60_000)
    ada.line("Tides").first.click()
    details = page.get_by_role("complementary", name=re.compile("details|event", re.IGNORECASE))
    expect(details.locator("strong", has_text="Tides").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"[?&]event="))
    details.locator(".viewer").get_by_role("button", name="Copy").first.click()
    until(page, lambda: "come from the moon" in page.evaluate("navigator.clipboard.readText()"))
    page.get_by_role("button", name=re.compile("^Cancel")).first.click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the execution").click()
    expect(page.get_by_text("Cancelled", exact=True).first).to_be_visible(timeout=60_000)
    assert ada_api.ended(execution_id)["status"] == "CANCELLED"


def test_a_crew_is_checked_at_its_line_then_run_to_its_result(page: Page, sign_in: SignIn, ada_api: User) -> None:
    sign_in("ada")
    page.goto("/new")
    editor = page.get_by_role("textbox", name=re.compile("crew|definition", re.IGNORECASE)).first
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("agents:\n  worker:\n    role: Worker\n    backstory: Old.\ntasks: []\n")
    expect(page.get_by_text(re.compile(r"no tasks|Line \d", re.IGNORECASE)).first).to_be_visible()
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(json.dumps(crew(task("About {topic}: [[say # The end]]"), name="typed"), indent=1))
    page.get_by_role("textbox", name=re.compile("topic")).fill("the sea")
    start = page.get_by_role("button", name="Run this crew")
    expect(start).to_be_enabled()
    start.click()
    expect(page).to_have_url(re.compile(r"/executions/[0-9a-f-]{36}"))
    expect(page.get_by_text("Completed", exact=True).first).to_be_visible(timeout=60_000)
    page.get_by_role("link", name=re.compile("^Result")).click()
    expect(page.get_by_role("heading", name="The end")).to_be_visible()


def test_run_again_offers_the_same_crew_with_its_inputs(recording: Recordings) -> None:
    page, _ = recording(stories.report())
    page.get_by_role("button", name="Run again").click()
    expect(page.get_by_role("textbox", name=re.compile("topic"))).to_have_value("tides")


def test_polling_keeps_what_is_folded(recording: Recordings) -> None:
    page, recorded = recording(stories.parallel())
    [story] = recorded.stories.values()
    lines = page.get_by_role("treeitem")
    first = page.locator("[role=treeitem][aria-level='1']").filter(has=page.get_by_role("button", name="Close")).first
    first.get_by_role("button", name="Close").click()
    expect(lines.first).to_be_visible()
    folded = page.locator("[role=treeitem][aria-level='1'][aria-expanded=false]")
    expect(folded).to_have_count(1)
    story.wait(2)
    story.finish()
    expect(lines.filter(has_text="Crew completed")).to_be_visible()
    expect(folded).to_have_count(1)


def test_what_a_crew_says_stays_text(recording: Recordings) -> None:
    story = stories.report()
    story.outputs[-1]["raw"] = HOSTILE
    page, _ = recording(story, path=f"/g/demo/executions/{story.id}/result")
    expect(page.get_by_text("red").first).to_be_visible()
    assert "owned" not in page.title()
    assert page.locator("main script, main img, a[href^=javascript]").count() == 0


def test_a_very_long_line_does_not_hold_the_page_up(page: Page, sign_in: SignIn, ada_api: User) -> None:
    done = ada_api.run(crew(task("[[size 5000000]]"), name="long"))
    ada = sign_in("ada")
    ada.open(done["execution_id"], "result")
    page.get_by_role("button", name=re.compile("show everything|load all", re.IGNORECASE)).first.click()
    expect(page.get_by_text(re.compile("show more", re.IGNORECASE)).first).to_be_visible(timeout=30_000)
    assert page.evaluate("document.body.innerText.length") < 2_000_000


def test_it_says_when_the_stack_is_away_and_goes_on(
    page: Page, context: BrowserContext, sign_in: SignIn, ada_api: User
) -> None:
    execution_id = ada_api.submit(two_agents(SLOW))
    ada = sign_in("ada")
    ada.open(execution_id)
    expect(ada.line("Researcher").first).to_be_visible(timeout=60_000)
    context.set_offline(True)
    notice = page.get_by_text(re.compile("offline|does not answer|not reachable|connection", re.IGNORECASE)).first
    expect(notice).to_be_visible(timeout=30_000)
    context.set_offline(False)
    expect(notice).to_be_hidden(timeout=30_000)
    ada_api.post(f"/executions/{execution_id}/cancel")
    expect(page.get_by_text("Cancelled", exact=True).first).to_be_visible(timeout=60_000)


def test_an_expired_token_leads_to_signing_in_and_back(page: Page, sign_in: SignIn, ada_api: User) -> None:
    done = ada_api.run(crew(task("[[say Kept.]]"), name="kept"))
    ada = sign_in("ada")
    ada.open(done["execution_id"], "result")
    expect(page.get_by_text("Kept.").first).to_be_visible()

    def refuse(route: Route) -> None:
        route.fulfill(status=401, json={"message": "Unauthorized"})

    page.route("**/api/v1/**", refuse)
    page.get_by_role("link", name="Logs").click()
    expect(page.get_by_text(re.compile("sign-in has expired", re.IGNORECASE)).first).to_be_visible()
    page.unroute("**/api/v1/**", refuse)
    ada.choose("ada")
    expect(page).to_have_url(re.compile(f"{done['execution_id']}/logs"))


def test_a_viewer_sees_no_button_they_may_not_press(recording: Recordings) -> None:
    page, _ = recording(stories.parallel(), role="viewer")
    expect(page.get_by_role("heading", name="coasts")).to_be_visible()
    forbidden = re.compile("cancel|rerun|run again|run a crew|new run", re.IGNORECASE)
    assert page.get_by_role("button", name=forbidden).count() == 0
    assert page.get_by_role("link", name=forbidden).count() == 0


def test_two_executions_are_compared(page: Page, sign_in: SignIn, ada_api: User) -> None:
    left = ada_api.run(crew(task("[[say The sea is blue.]]"), name="first"))["execution_id"]
    right = ada_api.run(crew(task("[[say The sea is grey.]]"), name="second"))["execution_id"]
    sign_in("ada")
    page.goto(f"/compare?a={left}&b={right}")
    expect(page.get_by_text("blue").first).to_be_visible()
    expect(page.get_by_text("grey").first).to_be_visible()
