"""The list of executions and the comparison of two."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.console import stories
from tests.console.conftest import Recordings
from tests.console.recorded import until_asked
from tests.console.story import Story

pytestmark = pytest.mark.browser
LIST = "/g/demo/executions"


def many(count: int) -> list[Story]:
    return [stories.report(number, f"crew-{number % 7}") for number in range(1, count + 1)]


def rows(page: Page):
    return page.get_by_role("row").filter(has=page.get_by_role("link"))


def test_back_leads_to_the_same_place_of_a_long_list(recording: Recordings) -> None:
    page, recorded = recording(*many(130), path=LIST)
    expect(page.get_by_text("50 executions; there are older ones")).to_be_visible()
    page.get_by_role("button", name="Show older").click()
    expect(rows(page)).to_have_count(100)
    page.get_by_role("button", name="Show older").click()
    expect(page.get_by_text("130 executions", exact=True)).to_be_visible()
    place = rows(page).nth(110)
    place.scroll_into_view_if_needed()
    place.get_by_role("link").click()
    expect(page).to_have_url(re.compile("/executions/[0-9a-f-]{36}$"))
    recorded.asked.clear()
    page.go_back()
    expect(rows(page)).to_have_count(130)
    expect(place).to_be_in_viewport()
    assert not [one for one in recorded.asked if "cursor=" in one]


def test_newer_executions_push_none_out_of_a_list_that_was_extended(recording: Recordings) -> None:
    page, recorded = recording(*many(60), path=LIST)
    page.get_by_role("button", name="Show older").click()
    expect(rows(page)).to_have_count(60)
    for number in range(61, 64):
        story = stories.report(number, "new")
        recorded.stories[story.id] = story
    expect(rows(page)).to_have_count(63, timeout=15_000)


def test_any_crew_can_be_filtered_for_and_the_list_is_sorted_and_counted(recording: Recordings) -> None:
    page, recorded = recording(*many(60), stories.report(61, "seldom"), stories.long(62), path=LIST)
    crew = page.get_by_role("combobox", name="Crew")
    expect(rows(page)).to_have_count(50)  # names that are listed filter as soon as they are typed
    crew.fill("crew-5")
    expect(rows(page)).to_have_count(8)
    until_asked(page, recorded, "crew=crew-5")
    crew.fill("")
    page.get_by_role("button", name="Duration").click()
    expect(rows(page).first).to_contain_text("watch-the-sea")
    expect(page.get_by_role("columnheader", name="Duration")).to_have_attribute("aria-sort", "descending")
    expect(page.get_by_text("sorted among those shown")).to_be_visible()
    expect(page).to_have_url(re.compile("sort=duration"))


def test_a_third_choice_is_not_made_in_silence(recording: Recordings) -> None:
    page, _ = recording(stories.report(1), stories.report(2), stories.report(3), path=LIST)
    boxes = page.get_by_role("checkbox")
    boxes.nth(0).check()
    boxes.nth(1).check()
    expect(boxes.nth(2)).to_be_disabled()
    expect(boxes.nth(0)).to_be_checked()
    page.get_by_role("button", name="Compare the two").click()
    expect(page).to_have_url(re.compile("/compare"))


def test_a_comparison_tells_definition_inputs_prompts_tokens_and_cost(recording: Recordings) -> None:
    first, second = stories.report(1), stories.report(2, answer="Short.")
    second.definition = {
        "config": {**second.definition["config"], "tasks": second.definition["config"]["tasks"][:2]},
        "inputs": {"topic": "storms"},
    }
    del second.outputs[2]
    prompt = next(one for one in second.events if one["event_type"] == "llm_call_started")
    prompt["output"] = [{"role": "user", "content": "Current Task: about storms"}]
    page, _ = recording(first, second, path=f"/g/demo/compare?a={first.id}&b={second.id}")
    definition = page.get_by_role("region", name="Definition and inputs")
    expect(definition.locator("ins")).to_contain_text("storms")
    expect(definition.locator("del").filter(has_text="edit")).to_be_visible()
    write = page.get_by_role("article", name="write")
    expect(write).to_contain_text("2,400 tokens, $0.0200")
    expect(page.get_by_role("article", name="edit")).to_contain_text("not in this crew")
    research = page.get_by_role("article", name="research")
    research.get_by_role("button", name="Prompt").click()
    expect(research.locator("ins").filter(has_text="storms")).to_be_visible()
