"""Every view, in the light and the dark theme, is usable with assistive technology: axe finds nothing serious in it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Page, expect

from tests.console import stories
from tests.console.conftest import Recordings
from tests.console.views import every_view, settled, turn_to

pytestmark = pytest.mark.browser
AXE = Path(__file__).parents[2] / "console/node_modules/axe-core/axe.min.js"
BY_COLOUR = ["color-contrast", "link-in-text-block"]
"""The rules of axe that look at colours; the two themes differ in nothing else."""
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def assert_accessible(page: Page) -> None:
    """In both themes; what is open stays open."""
    settled(page)
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text())
    assert _grave(page, "light", {}) == []
    assert _grave(page, "dark", {"runOnly": BY_COLOUR}) == []


def _grave(page: Page, theme: Literal["light", "dark"], rules: dict[str, Any]) -> list[Any]:
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    found = page.evaluate("rules => axe.run(rules)", {"resultTypes": ["violations"], **rules})["violations"]
    return [
        (theme, one["id"], [node["html"][:200] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]


def test_signing_in(page: Page) -> None:
    page.goto("/")
    page.get_by_role("list", name="Demo identities").wait_for()
    assert_accessible(page)


@pytest.mark.parametrize("options", [{}, PHONE], ids=["desktop", "phone"])
def test_every_view_of_every_kind_of_execution(recording: Recordings, options: dict[str, Any]) -> None:
    failed, large, asked, arabic = stories.failed(), stories.large(), stories.asking(), stories.arabic()
    cancelled = stories.cancelled()
    page, _ = recording(failed, large, asked, arabic, cancelled, path="/g/demo/executions", role="admin", **options)
    panels = [f"/executions/{failed.id}?event=t%3AEditor%7Cedit", f"/executions/{failed.id}?event=a%3AEditor"]
    others = [f"/executions/{large.id}?event=1.8", *(f"/executions/{one.id}" for one in (arabic, asked, cancelled))]
    differing = f"/compare?a={failed.id}&b={large.id}"
    for path in [*every_view(failed, asked), *(f"/g/demo{path}" for path in (*panels, differing, *others))]:
        turn_to(page, path)
        assert_accessible(page)
    expect(page.get_by_text("Cancelled on request, seen after")).to_be_visible()  # of the last one


def test_approvals_and_each_way_to_decide(recording: Recordings) -> None:
    story = stories.asking()
    page, _ = recording(story, path="/g/demo/approvals")
    page.get_by_role("form", name="Decide").wait_for()
    assert_accessible(page)
    for way in ("Approve with changes…", "Ask to revise…", "Reject…"):
        page.get_by_role("button", name=way).click()
        assert_accessible(page)


def test_an_open_dialog_and_an_open_menu(recording: Recordings) -> None:
    page, _ = recording(path="/g/demo/executions")
    page.get_by_role("navigation", name="Main").wait_for()
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard shortcuts").wait_for()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("group demo")).click()
    page.get_by_role("menu").wait_for()
    assert_accessible(page)
