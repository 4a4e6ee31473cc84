"""Every view of the console, and going from one to the next as links do: loading the console again computes five times
as much as showing another of its views."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.console import settings
from tests.console.story import Story

TABS = ("", "/result", "/tasks", "/logs", "/definition", "/cost", "/why", "?event=1.5")
GO = "path => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')); }"


def every_view(story: Story, *asked: Story) -> list[str]:
    """The addresses of all views: those of the group, of one execution, and the questions of others."""
    alone = ["/executions", "/new", *settings.PAGES, "/approvals", f"/compare?a={story.id}&b={story.id}"]
    questions = [f"/executions/{one.id}/approvals" for one in asked]
    return [f"/g/demo{path}" for path in (*alone, *questions, *(f"/executions/{story.id}{tab}" for tab in TABS))]


def settled(page: Page) -> None:
    # A page that follows an execution asks again and again, so the network is never idle.
    page.locator("main").first.wait_for()
    expect(page.locator(".notice[role=status]")).to_have_count(0)


def turn_to(page: Page, path: str) -> None:
    """Shows another view of the console that is open, and waits until it is there. By way of an address that leads
    nowhere: the view before stays in sight until the next one can be drawn, and may look the same."""
    nowhere = page.get_by_role("heading", name="There is no such page")
    page.evaluate(GO, "/g/demo/nowhere")
    nowhere.wait_for()
    page.evaluate(GO, path)
    nowhere.wait_for(state="hidden")
    settled(page)
