"""Every view, light and dark, is usable with assistive technology: axe finds nothing serious in it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.console import settings, stories
from tests.console.conftest import Recordings
from tests.console.person import Person
from tests.e2e.user import User, crew, task

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[2] / "console/node_modules/axe-core/axe.min.js"
THEMES = pytest.mark.parametrize("theme", ["light", "dark"])
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SignIn = Callable[..., Person]


def assert_accessible(page: Page) -> None:
    # A page that follows an execution keeps a request open, so the network is never idle.
    expect(page.locator(".notice[role=status]")).to_have_count(0)
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    grave = [
        (one["id"], [node["html"][:200] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert not grave, grave


def dress(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # pyright: ignore[reportArgumentType]


@THEMES
def test_signing_in(page: Page, theme: str) -> None:
    dress(page, theme)
    page.goto("/")
    page.get_by_role("list", name="Demo identities").wait_for()
    assert_accessible(page)


@THEMES
@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_every_view_of_every_kind_of_execution(recording: Recordings, options: dict[str, Any], theme: str) -> None:
    failed, large, asked, arabic = stories.failed(), stories.large(), stories.asking(), stories.arabic()
    page, _ = recording(failed, large, asked, arabic, path="/g/demo/executions", role="admin", **options)
    dress(page, theme)
    tabs = ("", "/result", "/tasks", "/logs", "/definition", "/cost", "/why", "?event=1.5")
    runs = [f"/executions/{failed.id}{tab}" for tab in tabs]
    panels = [f"/executions/{failed.id}?event=t%3AEditor%7Cedit", f"/executions/{failed.id}?event=a%3AEditor"]
    others = [f"/executions/{large.id}?event=1.8", f"/executions/{arabic.id}", f"/executions/{asked.id}"]
    pages = ["/executions", "/new", "/approvals", *settings.PAGES, f"/compare?a={failed.id}&b={large.id}"]
    for path in [*pages, *runs, *panels, *others]:
        page.goto(f"/g/demo{path}")
        page.locator("main").first.wait_for()
        assert_accessible(page)


@THEMES
def test_approvals_and_each_way_to_decide(page: Page, sign_in: SignIn, ada_api: User, theme: str) -> None:
    dress(page, theme)
    draft = task("[[say A **draft**.]]", "draft", human_input=True)
    execution_id = ada_api.submit(crew(draft, name="judged"))
    ada_api.until(execution_id, lambda record: record["status"] == "WAITING")
    sign_in("ada", "/approvals")
    page.get_by_role("form", name="Decide").wait_for()
    assert_accessible(page)
    for way in ("Approve with changes…", "Ask to revise…", "Reject…"):
        page.get_by_role("button", name=way).click()
        assert_accessible(page)
    page.goto(f"/executions/{execution_id}")
    page.get_by_role("link", name="Read and decide").wait_for()
    assert_accessible(page)
    ada_api.post(f"/executions/{execution_id}/cancel")
    expect(page.get_by_text("Cancelled on request", exact=False)).to_be_visible()
    assert_accessible(page)


@THEMES
def test_an_open_dialog_and_an_open_menu(page: Page, sign_in: SignIn, theme: str) -> None:
    dress(page, theme)
    sign_in("ada", "/executions")
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard shortcuts").wait_for()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("group demo")).click()
    page.get_by_role("menu").wait_for()
    assert_accessible(page)
