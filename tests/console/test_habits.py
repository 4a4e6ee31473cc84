"""What the console does by itself and by keyboard: polling, groups, links, and what it keeps."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, Response, Route, expect

from scripted_model import ScriptedModel
from tests.console.person import Person
from tests.e2e.user import User, crew, task

pytestmark = pytest.mark.browser
SignIn = Callable[..., Person]


def test_the_timeline_is_walked_by_keyboard(page: Page, sign_in: SignIn, ada_api: User) -> None:
    done = ada_api.run(crew(task("[[say First answer.]]", "one"), task("[[say Second answer.]]", "two")))
    ada = sign_in("ada")
    ada.open(done["execution_id"])
    expect(ada.line("Crew completed")).to_be_visible(timeout=30_000)
    chosen = page.locator("[role=treeitem][aria-selected=true]")
    page.keyboard.press("End")
    while "First answer." not in (chosen.text_content() or ""):
        page.keyboard.press("k")
    expect(chosen).to_contain_text("First answer.")
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary")
    expect(panel.get_by_text("First answer.").first).to_be_visible()
    page.keyboard.press("j")  # the details of the second task
    expect(panel.get_by_text("Second answer.").first).to_be_visible()
    page.keyboard.press("k")
    expect(panel.get_by_text("First answer.").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("Second")
    expect(ada.line("First answer.")).to_have_count(0)
    expect(ada.line("Second answer.")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"[?&]q=Second"))
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    expect(page).to_have_url(re.compile("/result$"))


def test_a_link_shows_the_event_its_sender_saw(page: Page, sign_in: SignIn, ada_api: User) -> None:
    done = ada_api.run(crew(task("[[say Linked answer.]]")))
    calls = [one for one in ada_api.trace(done["execution_id"]) if one["event_type"] == "llm_call_completed"]
    sign_in("ada", f"/executions/{done['execution_id']}?event={calls[0]['id']}")
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


def test_the_list_is_searched_by_name_and_id_over_everything(page: Page, sign_in: SignIn, ada_api: User) -> None:
    wanted = ada_api.run(crew(task("[[say x]]"), name="needle-in-hay"))
    ada_api.run(crew(task("[[say x]]"), name="straw"))
    asked: list[str] = []
    sign_in("ada", "/executions?time=24h")
    page.on("request", lambda request: asked.append(request.url) if "/executions?" in request.url else None)
    field = page.get_by_role("searchbox", name="Search executions")
    field.fill("NEEDLE")
    rows = page.get_by_role("row").filter(has=page.get_by_role("link"))
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("needle-in-hay")
    assert any("search=NEEDLE" in url and "created_after=" in url for url in asked), asked
    expect(page).to_have_url(re.compile("q=NEEDLE"))
    field.fill(wanted["execution_id"])
    expect(page.get_by_role("link", name="needle-in-hay")).to_be_visible()
    field.fill("nowhere to be found")
    expect(page.get_by_role("heading", name="Nothing fits these filters")).to_be_visible()


def test_what_is_closed_stays_closed_when_the_page_is_loaded_again(page: Page, sign_in: SignIn, ada_api: User) -> None:
    done = ada_api.run(crew(task("[[say Inside.]]")))
    ada = sign_in("ada")
    ada.open(done["execution_id"])
    worker = page.locator("[role=treeitem][aria-level='1']").filter(has_text="Worker")
    worker.get_by_role("button", name="Close").click()
    expect(ada.line("Inside.")).to_have_count(0)
    page.reload()
    expect(worker).to_have_attribute("aria-expanded", "false")
    expect(ada.line("Inside.")).to_have_count(0)


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


def test_the_list_is_used_by_keyboard_alone(page: Page, sign_in: SignIn, ada_api: User) -> None:
    done = ada_api.run(crew(task("[[say x]]"), name="by-keys"))
    sign_in("ada", "/executions?crew=by-keys")
    expect(page.get_by_role("link", name="by-keys")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox", name="Search executions")).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"{done['execution_id']}$"))
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    expect(page).to_have_url(re.compile("/new$"))


@pytest.mark.parametrize("view", ["/executions", "/approvals", "/new", "", "/result", "/tasks", "/logs"])
def test_a_narrow_screen_needs_no_scrolling_sideways(page: Page, sign_in: SignIn, ada_api: User, view: str) -> None:
    page.set_viewport_size({"width": 360, "height": 740})
    done = ada_api.run(crew(task("[[say Words.]]"), name="a-crew-with-a-rather-long-name"))
    sign_in("ada")
    page.goto(view if view in ("/executions", "/approvals", "/new") else f"/executions/{done['execution_id']}{view}")
    page.locator("main").first.wait_for()
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.get_by_role("link", name=re.compile("^Approvals"))).to_be_in_viewport()
    expect(page.get_by_role("button", name=re.compile("group demo"))).to_be_in_viewport()


def test_an_execution_of_nobody_says_so(page: Page, sign_in: SignIn) -> None:
    sign_in("ada", "/executions/01900000-0000-7000-8000-000000000000")
    expect(page.get_by_role("heading", name=re.compile("no such execution"))).to_be_visible()


def test_missing_events_are_shown_as_a_gap(page: Page, sign_in: SignIn, ada_api: User) -> None:
    done = ada_api.run(crew(task("[[say Something.]]")))
    events = ada_api.trace(done["execution_id"])
    left = [one for one in events if one["sequence"] not in (3, 4)]

    def answer(route: Route) -> None:
        gaps = [{"attempt": 1, "first": 3, "last": 4}]
        page_ = {"events": left, "cursor": "c", "more": False, "complete": False, "gaps": gaps, "status": "COMPLETED"}
        again = page_ | {"events": []}
        route.fulfill(json=again if "after=" in route.request.url else page_)

    page.route("**/traces?*", answer)
    ada = sign_in("ada")
    ada.open(done["execution_id"])
    expect(ada.line("Events 3–4 are missing")).to_be_visible()
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
