"""Somebody in front of the console, who finds things as a screen reader names them."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect


class Person:
    """Acts on one page. Everything is found by role and name, so the tests also hold the console to having them."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def choose(self, name: str) -> None:
        """Signs in as a demo identity with one click."""
        self.page.get_by_role("button", name=re.compile(rf"^{name}", re.IGNORECASE)).first.click()
        expect(self.page.get_by_role("navigation", name="Main")).to_be_visible()

    def open(self, execution_id: str, tab: str = "") -> None:
        self.page.goto(f"/executions/{execution_id}{f'/{tab}' if tab else ''}")

    def tab(self, name: str) -> None:
        self.page.get_by_role("navigation", name=re.compile("execution", re.IGNORECASE)).get_by_role(
            "link", name=re.compile(f"^{name}")
        ).click()

    def line(self, text: str | re.Pattern[str]) -> Locator:
        """The lines of the timeline that say the text."""
        return self.page.get_by_role("treeitem").filter(has_text=text)
