"""People decide in the console, and the whole stack goes on."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.person import Person
from tests.e2e.user import User, agent, crew, task

pytestmark = pytest.mark.browser
SignIn = Callable[..., Person]
SUM = 'Sum it up. [[tool calculator {"expression": "6*7"}]] [[say It is done.]]'


def asking(**more: Any) -> dict[str, Any]:
    """A crew whose first answer is judged."""
    draft = task("Draft it. [[say A **bold** draft.]]", "draft", human_input=True)
    return crew(draft, task("Print it. [[say PRINTED]]", "print", context=["draft"]), **more)


def waits(user: User, execution_id: str, number: int = 1) -> None:
    user.until(execution_id, lambda record: bool(record["waiting"]) and record["waiting"]["number"] == number)


def judge(page: Page, name: str) -> None:
    """Opens the question from the list of what waits."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name=re.compile("^Approvals")).click()
    page.get_by_role("navigation", name="What waits").get_by_role("button").filter(has_text=name).click()


def test_an_answer_is_read_sent_back_and_approved(page: Page, sign_in: SignIn, ada_api: User) -> None:
    execution_id = ada_api.submit(asking(name="judged"))
    waits(ada_api, execution_id)
    ada = sign_in("ada")
    judge(page, "judged")
    card = page.get_by_role("article", name="Judge the answer of draft")
    expect(card.locator("strong", has_text="bold")).to_be_visible()
    expect(card.get_by_text(re.compile(r"rejected in \d+ d|If nobody decides"))).to_be_visible()
    card.get_by_role("button", name="Ask to revise…").click()
    card.get_by_role("textbox", name=re.compile("Comment")).fill("Shorter. [[say Short.]]")
    card.get_by_role("button", name="Send back").click()
    expect(page.get_by_text("Sent back to be revised by ada", exact=False).first).to_be_visible()

    waits(ada_api, execution_id, 2)
    ada.open(execution_id)
    expect(page.get_by_text("Judge the answer of draft.")).to_be_visible()
    page.get_by_role("link", name="Read and decide").click()
    expect(page.get_by_text("Short.", exact=True).first).to_be_visible()
    page.get_by_role("button", name="Approve", exact=True).click()
    expect(page.get_by_text("Approved by ada", exact=False).first).to_be_visible()

    record = ada_api.ended(execution_id)
    assert record["status"] == "COMPLETED"
    assert [one["raw"] for one in ada_api.result(execution_id)["tasks"]] == ["Short.", "PRINTED"]
    ada.tab("Timeline")
    expect(ada.line(re.compile("Asked a person.*sent back by ada"))).to_be_visible()
    expect(ada.line(re.compile("Asked a person.*approved by ada"))).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Waiting for people")).to_be_visible()
    ada.line("sent back").click()
    expect(page.get_by_role("complementary", name="Event").get_by_text("sent back by ada", exact=False)).to_be_visible()
    ada.tab("Tasks")
    expect(page.get_by_role("link", name=re.compile("^Approved by ada"))).to_be_visible()


def test_a_corrected_answer_is_what_later_tasks_read(page: Page, sign_in: SignIn, ada_api: User) -> None:
    execution_id = ada_api.submit(asking(name="corrected"))
    waits(ada_api, execution_id)
    ada = sign_in("ada")
    ada.open(execution_id, "approvals")
    page.get_by_role("button", name="Approve with changes…").click()
    page.get_by_role("textbox", name=re.compile("as it should be")).fill("Mine instead.")
    page.get_by_role("button", name="Approve this answer").click()
    expect(page.get_by_text("Approved with changes by ada", exact=False).first).to_be_visible()
    assert ada_api.ended(execution_id)["status"] == "COMPLETED"
    assert ada_api.result(execution_id)["tasks"][0]["raw"] == "Mine instead."


def test_a_refused_tool_call_is_not_made(page: Page, sign_in: SignIn, ada_api: User) -> None:
    gated = {
        "name": "gated",
        "agents": {"worker": agent(tools=["CalculatorTool"])},
        "tasks": [task(SUM)],
        "approval": {"tools": ["CalculatorTool"]},
    }
    execution_id = ada_api.submit(gated)
    waits(ada_api, execution_id)
    ada = sign_in("ada")
    ada.open(execution_id, "approvals")
    card = page.get_by_role("article", name="Allow calculator")
    expect(card.get_by_text("6*7")).to_be_visible()
    card.get_by_role("button", name="Refuse…").click()
    card.get_by_role("textbox", name=re.compile("Comment")).fill("Not today")
    card.get_by_role("button", name="Refuse", exact=True).click()
    expect(page.get_by_text("Not today").first).to_be_visible()
    assert ada_api.ended(execution_id)["status"] == "COMPLETED"


def test_more_budget_is_given(page: Page, sign_in: SignIn, ada_api: User) -> None:
    two = crew(task("[[say One.]]", "one"), task("[[say Two.]]", "two"), name="poor")
    execution_id = ada_api.submit(two, limits={"max_model_calls": 1, "on_budget": "ask"})
    waits(ada_api, execution_id)
    sign_in("ada")
    judge(page, "poor")
    expect(page.get_by_role("meter")).to_have_accessible_name(re.compile("1 model calls of 1 model calls used"))
    page.get_by_role("spinbutton", name=re.compile("Model calls")).fill("5")
    page.get_by_role("button", name="Go on with these limits").click()
    expect(page.get_by_text("Approved by ada", exact=False).first).to_be_visible()
    record = ada_api.ended(execution_id)
    assert (record["status"], record["limits"]["max_model_calls"]) == ("COMPLETED", 5)


def test_who_was_slower_sees_what_was_decided(page: Page, sign_in: SignIn, ada_api: User) -> None:
    execution_id = ada_api.submit(asking(name="contested"))
    waits(ada_api, execution_id)
    ada = sign_in("ada")
    ada.open(execution_id, "approvals")
    approve = page.get_by_role("button", name="Approve", exact=True)
    expect(approve).to_be_visible()
    # The page must not learn of it before the button is pressed.
    page.route(re.compile(r"/approvals|/executions/[0-9a-f-]{36}$"), lambda route: route.abort())
    ada_api.post(f"/executions/{execution_id}/feedback", json={"decision": "reject", "comment": "Faster"})
    approve.click()
    expect(page.get_by_text("It was decided before your answer came", exact=False)).to_be_visible()
    page.unroute_all()
    expect(page.get_by_text("Faster").first).to_be_visible(timeout=30_000)
    assert ada_api.ended(execution_id)["error"]["category"] == "rejected"


def test_who_may_not_decide_is_told_who_may(page: Page, sign_in: SignIn, ada_api: User) -> None:
    rules = {"deciders": ["carol@example.org"]}
    execution_id = ada_api.submit(asking(name="carols", approval=rules))
    waits(ada_api, execution_id)
    ada = sign_in("ada")
    ada.open(execution_id, "approvals")
    expect(page.get_by_text("carol@example.org")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Approve"))).to_have_count(0)
    ada_api.post(f"/executions/{execution_id}/cancel")
    expect(page.get_by_text("Nobody has to decide any more", exact=False)).to_be_visible()
    expect(page.get_by_text("Cancelled on request", exact=False)).to_be_visible()


def test_a_viewer_reads_what_waits_but_decides_nothing(page: Page, sign_in: SignIn, ada_api: User) -> None:
    execution_id = ada_api.submit(asking(name="viewed"))
    waits(ada_api, execution_id)
    vera = sign_in("vera")
    vera.open(execution_id, "approvals")
    expect(page.get_by_text("everyone who may run crews", exact=False)).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^(Approve|Reject)"))).to_have_count(0)
    ada_api.post(f"/executions/{execution_id}/cancel")


def test_the_navigation_counts_what_waits(browser: Browser, page: Page, sign_in: SignIn, ada_api: User) -> None:
    execution_id = ada_api.submit(asking(name="counted"))
    waits(ada_api, execution_id)
    sign_in("ada")
    link = page.get_by_role("navigation", name="Main").get_by_role("link", name=re.compile("^Approvals"))
    expect(link).to_have_accessible_name(re.compile(r"Approvals \d+ waiting"))
    ada_api.post(f"/executions/{execution_id}/cancel")
