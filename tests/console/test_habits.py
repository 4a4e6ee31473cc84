"""What the console does by itself and by keyboard: polling, groups, links, and what it keeps."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, Response, Route, expect

from scripted_model import ScriptedModel
from tests.console import stories
from tests.console.conftest import Recordings
from tests.console.person import Person
from tests.console.recorded import until_asked
from tests.console.views import every_view, turn_to
from tests.e2e.user import User, crew, task

pytestmark = pytest.mark.browser
SignIn = Callable[..., Person]


def test_the_timeline_is_walked_by_keyboard(recording: Recordings) -> None:
    page, _ = recording(stories.report(answer="First answer."))
    lines = page.get_by_role("treeitem")
    expect(lines.filter(has_text="Crew completed")).to_be_visible()
    chosen = page.locator("[role=treeitem][aria-selected=true]")
    page.keyboard.press("End")
    while "First answer." not in (chosen.text_content() or ""):
        page.keyboard.press("k")
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary")
    expect(panel.get_by_text("First answer.").first).to_be_visible()
    page.keyboard.press("j")
    page.keyboard.press("j")  # past the next agent, to its task
    expect(panel.get_by_text("Edited: the moon").first).to_be_visible()
    page.keyboard.press("k")
    page.keyboard.press("k")
    expect(panel.get_by_text("First answer.").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("Edited")
    expect(lines.filter(has_text="First answer.")).to_have_count(0)
    expect(lines.filter(has_text="Edited: the moon")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"[?&]q=Edited"))
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    expect(page).to_have_url(re.compile("/result$"))


def test_a_link_shows_the_event_its_sender_saw(recording: Recordings) -> None:
    story = stories.report(answer="Linked answer.")
    call = next(one for one in story.events if one["output"] == "Linked answer.")
    page, _ = recording(story, path=f"?event={call['id']}")
    expect(page.get_by_role("complementary", name="Event").get_by_text("Linked answer.").first).to_be_visible()


def test_only_what_is_new_travels_and_an_ended_execution_is_left_alone(
    page: Page, sign_in: SignIn, ada_api: User
) -> None:
    looked: list[Response] = []
    asked: list[Request] = []
    execution_id = ada_api.submit(crew(task("[[slow 5]] [[say Late.]]")))
    ada = sign_in("ada")
    page.on("response", lambda answer: looked.append(answer) if answer.url.endswith(execution_id) else None)
    page.on("request", lambda request: asked.append(request) if "/traces?" in request.url else None)
    ada.open(execution_id)
    expect(ada.line("Crew completed")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("complete", exact=False).first).to_be_visible()
    # Known by its ETag, one that has not changed is an empty answer.
    assert any(answer.status == 304 for answer in looked)
    assert all("after=" in request.url for request in asked[1:])
    expect(page.get_by_text(re.compile("events, complete"))).to_be_visible()
    # One last look may be under way. The longest wait between two is ten seconds; nothing may come in more than that.
    counts = [len(looked) + len(asked)]
    while len(counts) < 2 or counts[-1] != counts[-2]:
        assert len(counts) < 4, counts
        page.wait_for_timeout(11_000)
        counts.append(len(looked) + len(asked))


def test_a_hidden_page_asks_nothing(page: Page, sign_in: SignIn, ada_api: User) -> None:
    execution_id = ada_api.submit(crew(task("[[slow 120]]"), name="hidden"))
    ada = sign_in("ada")
    ada.open(execution_id)
    expect(page.get_by_role("heading", name="hidden")).to_be_visible()
    page.evaluate(
        "Object.defineProperty(document, 'visibilityState', {value: 'hidden', configurable: true});"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.wait_for_timeout(1_000)  # what was asked before may still come
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(4_000)
    assert asked == []
    page.evaluate("delete document.visibilityState; document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_event("request", timeout=15_000)
    ada_api.post(f"/executions/{execution_id}/cancel")


def test_groups_are_switched_and_kept_apart(page: Page, sign_in: SignIn, ada_api: User) -> None:
    ada_api.run(crew(task("[[say x]]"), name="of-demo"))
    sign_in("ada")
    page.goto("/g/demo/executions")
    expect(page.get_by_role("link", name="of-demo").first).to_be_visible()
    page.get_by_role("button", name=re.compile("group demo")).click()
    page.get_by_role("menuitemradio", name="research").click()
    expect(page).to_have_url(re.compile("/g/research/executions"))
    expect(page.get_by_role("heading", name=re.compile("research has run nothing"))).to_be_visible()
    page.goto("/g/other/executions")
    expect(page.get_by_role("heading", name=re.compile("do not belong to the group other"))).to_be_visible()


def test_the_list_is_searched_by_name_and_id_over_everything(recording: Recordings) -> None:
    wanted = stories.report(1, "needle-in-hay")
    page, recorded = recording(wanted, stories.report(2, "straw"), path="/g/demo/executions?time=24h")
    field = page.get_by_role("searchbox", name="Search executions")
    field.fill("NEEDLE")
    rows = page.get_by_role("row").filter(has=page.get_by_role("link"))
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("needle-in-hay")
    until_asked(page, recorded, "search=NEEDLE", "created_after=")
    expect(page).to_have_url(re.compile("q=NEEDLE"))
    field.fill(wanted.id)
    expect(page.get_by_role("link", name="needle-in-hay")).to_be_visible()
    field.fill("nowhere to be found")
    expect(page.get_by_role("heading", name="Nothing fits these filters")).to_be_visible()


def test_what_is_closed_stays_closed_when_the_page_is_loaded_again(recording: Recordings) -> None:
    page, _ = recording(stories.report(answer="Inside."))
    writer = page.locator("[role=treeitem][aria-level='1']").filter(has_text="Writer")
    inside = page.get_by_role("treeitem").filter(has_text="Inside.")
    writer.get_by_role("button", name="Close").click()
    expect(inside).to_have_count(0)
    page.reload()
    expect(writer).to_have_attribute("aria-expanded", "false")
    expect(inside).to_have_count(0)


def test_nothing_moves_while_an_execution_is_followed(page: Page, sign_in: SignIn, ada_api: User) -> None:
    execution_id = ada_api.submit(crew(task("[[slow 3]] [[say One.]]", "one"), task("[[slow 3]] [[say Two.]]", "two")))
    ada = sign_in("ada")
    ada.open(execution_id)
    expect(ada.line("Model call").first).to_be_visible(timeout=60_000)
    page.evaluate(
        "window.moved = 0; new PerformanceObserver((list) => {"
        "for (const shift of list.getEntries()) window.moved += shift.value;"
        "}).observe({type: 'layout-shift'})"
    )
    expect(ada.line("Crew completed")).to_be_visible(timeout=60_000)
    # 0.1 is where a page is called unstable; lines that are added below others do not count as moved.
    assert page.evaluate("window.moved") < 0.02


def test_the_list_is_used_by_keyboard_alone(recording: Recordings) -> None:
    story = stories.report(1, "by-keys")
    page, _ = recording(story, path="/g/demo/executions")
    expect(page.get_by_role("link", name="by-keys")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search executions")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"{story.id}$"))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile("/new$"))


def test_a_narrow_screen_needs_no_scrolling_sideways(recording: Recordings) -> None:
    story = stories.report(1, "a-crew-with-a-rather-long-name")
    page, _ = recording(story, path="/g/demo/executions", viewport={"width": 360, "height": 740})
    expect(page.get_by_role("link", name=re.compile("^Approvals"))).to_be_in_viewport()
    for path in every_view(story):
        turn_to(page, path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        expect(page.get_by_role("button", name=re.compile("group demo"))).to_be_in_viewport()


def test_an_execution_of_nobody_says_so(recording: Recordings) -> None:
    page, _ = recording(path="/g/demo/executions/01900000-0000-7000-8000-000000000000")
    expect(page.get_by_role("heading", name=re.compile("no such execution"))).to_be_visible()


def test_missing_events_are_shown_as_a_gap(recording: Recordings) -> None:
    story = stories.report()
    page, _ = recording(story, path="/g/demo/executions")
    left = [one for one in story.events if one["sequence"] not in (3, 4)]

    def answer(route: Route) -> None:
        gaps = [{"attempt": 1, "first": 3, "last": 4}]
        page_ = {"events": left, "cursor": "c", "more": False, "complete": False, "gaps": gaps, "status": "COMPLETED"}
        again = page_ | {"events": []}
        route.fulfill(json=again if "after=" in route.request.url else page_)

    page.route("**/traces?*", answer)
    page.get_by_role("link", name="tide-report").click()
    expect(page.get_by_role("treeitem").filter(has_text="Events 3–4 are missing")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Events 3–4 are missing")).to_be_visible()


def test_an_example_is_run_once_however_often_the_button_is_pressed(
    page: Page, sign_in: SignIn, ada_api: User, scripted: ScriptedModel
) -> None:
    sign_in("ada", "/g/research/new")
    page.get_by_role("button", name=re.compile("^haiku")).click()
    start = page.get_by_role("button", name="Run this crew")
    expect(page.get_by_role("heading", name="Ready to run")).to_be_visible()
    start.dblclick(no_wait_after=True)
    expect(page).to_have_url(re.compile(r"/executions/[0-9a-f-]{36}"))
    headers = {"x-group-id": "research"}
    listed = ada_api.get("/executions", params={"crew": "haiku"}, headers=headers).json()["executions"]
    assert len(listed) == 1


def test_what_was_written_survives_a_reload(page: Page, sign_in: SignIn) -> None:
    sign_in("ada", "/new")
    page.get_by_role("textbox", name="topic").fill("dunes at noon")
    page.reload()
    expect(page.get_by_role("textbox", name="topic")).to_have_value("dunes at noon")
