"""The timeline of an execution: reading calls of any size, finding failures, reading the waterfall."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.console import stories
from tests.console.conftest import Recordings
from tests.console.recorded import paths, until, until_asked

pytestmark = pytest.mark.browser
TIME = re.compile(r"([\d.]+) (ms|s)")


def lines(page: Page, text: str | re.Pattern[str] = "") -> Locator:
    return page.get_by_role("treeitem").filter(has_text=text)


def seconds(text: str) -> float:
    number, unit = TIME.search(text).groups()  # pyright: ignore[reportOptionalMemberAccess]
    return float(number) / (1000 if unit == "ms" else 1)


def test_a_call_with_a_prompt_of_100_kb_is_a_conversation_at_one_click(recording: Recordings) -> None:
    page, recorded = recording(stories.large())
    lines(page, "A neap tide is a small one").click()
    panel = page.get_by_role("complementary", name="Event")
    messages = panel.get_by_role("list")
    expect(messages.get_by_text("2 messages as in the call before")).to_be_visible()
    expect(messages.get_by_role("listitem").filter(has_text="new")).to_have_count(2)
    expect(messages.get_by_role("button", name=re.compile("^tool search"))).to_be_visible()
    messages.get_by_text("2 messages as in the call before").click()
    messages.get_by_role("button", name=re.compile("^user")).click()
    expect(panel.get_by_role("heading", name="The book of tides")).to_be_visible()
    expect(panel.locator("em", has_text="neap")).to_be_visible()
    expect(panel.get_by_text("\\n")).to_have_count(0)
    until_asked(page, recorded, "/traces/1.8/output")


def test_a_line_shows_the_beginning_of_a_large_body_as_text_and_not_as_json(recording: Recordings) -> None:
    answer = '# Tides\n\nHe said "ebb and flood".\n\n' + "The sea comes and goes. " * 1_000
    page, _ = recording(stories.report(answer=answer))
    line = lines(page, "Tides").first
    expect(line).to_contain_text('Tides He said "ebb and flood". The sea comes and goes.')
    expect(line).not_to_contain_text("\\")


def test_the_search_finds_what_stands_inside_a_large_body(recording: Recordings) -> None:
    page, recorded = recording(stories.large())
    expect(lines(page, "Decided")).to_be_visible()
    page.get_by_role("searchbox", name="Search the trace").fill("the last word is")
    expect(lines(page, "A neap tide is a small one")).to_be_visible()
    expect(lines(page, "Decided")).to_be_visible()
    expect(lines(page, re.compile("^search"))).to_have_count(0)
    spelled = ("search=the+last+word", "search=the%20last%20word")
    until(page, lambda: any(search in one for one in recorded.asked for search in spelled))


def test_back_closes_an_opened_event_and_stays_on_the_run(recording: Recordings) -> None:
    story = stories.report()
    page, _ = recording(story, path="/g/demo/executions")
    page.get_by_role("link", name="tide-report").click()
    lines(page, "Edited: the moon").click()
    panel = page.get_by_role("complementary", name="Event")
    expect(panel).to_be_visible()
    lines(page, "calculator").first.click()
    page.go_back()
    expect(panel).to_be_hidden()
    expect(page).to_have_url(re.compile(f"{story.id}$"))
    page.go_back()
    expect(page).to_have_url(re.compile("/executions$"))


def test_where_the_time_went_adds_up_to_what_elapsed(recording: Recordings) -> None:
    page, _ = recording(stories.report())
    legend = page.get_by_role("list", name="Where the time went")
    expect(legend).to_be_visible()
    texts = legend.get_by_role("listitem").all_inner_texts()
    elapsed = page.locator(".facts > div").filter(has_text="Elapsed").inner_text()
    assert texts[-1].startswith("Elapsed")
    assert seconds(texts[-1]) == pytest.approx(seconds(elapsed))
    assert sum(seconds(text) for text in texts[:-1]) == pytest.approx(seconds(elapsed), abs=0.1)
    for phase in ("Waiting for a start", "Runner starts", "Outcome is written"):
        expect(lines(page, phase)).to_be_visible()


FINGERS: dict[str, Any] = {"has_touch": True, "is_mobile": True}


@pytest.mark.parametrize(
    ("width", "height", "least", "options"),
    [(844, 390, 3, {}), (844, 390, 2, FINGERS), (1280, 600, 9, {}), (390, 844, 10, {}), (390, 844, 10, FINGERS)],
)
def test_lines_are_in_sight_however_low_the_window_is(
    recording: Recordings, width: int, height: int, least: int, options: dict[str, Any]
) -> None:
    page, _ = recording(stories.report(), viewport={"width": width, "height": height}, **options)
    expect(lines(page, "Waiting for a start")).to_be_visible()
    boxes = [line.bounding_box() for line in lines(page).all()]
    inside = [box for box in boxes if box and box["y"] >= 0 and box["y"] + box["height"] <= height]
    assert len(inside) >= least, len(inside)
    page.mouse.move(width / 3, height - 40)
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    tree = page.get_by_role("tree").bounding_box()
    assert tree is not None
    assert tree["height"] >= 300


def test_the_failure_leads_to_the_call_and_tells_its_reason_in_a_sentence(recording: Recordings) -> None:
    page, _ = recording(stories.failed())
    card = page.get_by_role("region", name="Why it did not complete")
    expect(card.get_by_role("alert")).to_have_text("The model openai/gpt-5.2 answered with status 500.")
    expect(card.get_by_text("The server had an error (Error code: 500)")).to_be_visible()
    card.get_by_role("link", name="Show the call").click()
    panel = page.get_by_role("complementary", name="Event")
    expect(panel.get_by_role("heading", name="Error")).to_be_visible()
    expect(panel.get_by_text("Current Task: edit")).to_be_visible()


def test_two_failures_are_two_and_each_is_shown_with_its_agent_and_task(recording: Recordings) -> None:
    page, _ = recording(stories.failed())
    page.get_by_role("button", name="2 failures").click()
    expect(lines(page)).to_have_count(6)
    expect(page.get_by_role("img", name="Failed")).to_have_count(2)
    page.get_by_role("button", name="Next failure").click()
    expect(page.get_by_role("complementary", name="Event").get_by_role("heading", name="search")).to_be_visible()
    page.get_by_role("button", name="Next failure").click()
    expect(page.get_by_role("complementary", name="Event").get_by_text("Error code: 500").first).to_be_visible()


def test_the_task_that_a_timeout_names_is_marked(recording: Recordings) -> None:
    story = stories.parallel()
    error = stories.FAILURE | {"category": "timeout", "message": "The time of 60 s is over.", "task": "south"}
    story.wait(60)
    page, _ = recording(story.finish("FAILED", error))
    expect(lines(page, re.compile("^south")).get_by_role("img", name="Failed")).to_be_visible()
    page.get_by_role("link", name="Show the task").click()
    expect(page.get_by_role("complementary", name="Task").get_by_role("heading", name="south")).to_be_visible()


def test_run_again_on_a_failure_runs_the_same_once(recording: Recordings) -> None:
    page, recorded = recording(stories.failed(), stories.report())
    recorded.rerun = stories.report().id
    page.get_by_role("button", name="Run again").click()
    expect(page).to_have_url(re.compile(stories.report().id))
    assert recorded.sent == [("POST", f"/executions/{stories.failed().id}/rerun", {})]


def test_a_failed_execution_goes_on_from_its_failed_task_at_one_click(recording: Recordings) -> None:
    page, recorded = recording(stories.failed(), stories.report())
    recorded.rerun = stories.report().id
    page.get_by_role("button", name="Continue from edit").click()
    expect(page).to_have_url(re.compile(stories.report().id))
    assert [body for _, _, body in recorded.sent] == [{"from_task": "edit"}]


def test_what_a_rerun_keeps_can_be_changed_from_any_task(recording: Recordings) -> None:
    page, recorded = recording(stories.failed(), stories.report())
    recorded.rerun = stories.report().id
    lines(page, re.compile("^edit")).click()
    page.get_by_role("button", name="Run again from here…").click()
    dialog = page.get_by_role("dialog", name="Run again from edit")
    expect(dialog.get_by_text("The moon pulls the sea.")).to_be_visible()
    dialog.get_by_role("button", name="Change the output of research").click()
    kept = dialog.get_by_role("textbox", name=re.compile("^research"))
    expect(kept).to_have_value("Eighty times.")
    kept.fill("Ninety times.")
    dialog.get_by_role("button", name="Run from edit").click()
    expect(page).to_have_url(re.compile(stories.report().id))
    sent = [body for _, _, body in recorded.sent]
    assert sent == [{"from_task": "edit", "task_outputs": {"research": "Ninety times."}}]


def test_a_failure_leads_to_the_text_to_change_and_run(recording: Recordings) -> None:
    page, _ = recording(stories.failed())
    page.get_by_role("link", name="Change and run").click()
    expect(page).to_have_url(re.compile(f"/new\\?from={stories.failed().id}$"))
    expect(page.get_by_role("textbox", name="crew.yaml")).to_contain_text("Find out about {topic}.")


def test_the_most_expensive_call_is_one_click_away(recording: Recordings) -> None:
    page, _ = recording(stories.report())
    page.get_by_role("button", name="Most expensive call").click()
    expect(page.get_by_role("complementary", name="Event").get_by_text("$0.0200")).to_be_visible()


def test_details_of_a_task_tell_what_people_and_guardrails_said_of_it(recording: Recordings) -> None:
    page, _ = recording(stories.guarded())
    lines(page, re.compile("^draft")).click()
    panel = page.get_by_role("complementary", name="Task")
    people = panel.locator("section").filter(has=page.get_by_role("heading", name="Asked of people"))
    expect(people.get_by_role("listitem")).to_have_text(
        [re.compile("^Sent back.*Shorter, please."), re.compile("^Approved")]
    )
    guardrails = panel.locator("section").filter(has=page.get_by_role("heading", name="Guardrails"))
    expect(guardrails.get_by_role("listitem")).to_have_text(
        [re.compile("^Refused.*longer than"), re.compile("^Judged")]
    )
    guardrails.get_by_role("button").first.click()
    expect(page.get_by_role("complementary", name="Event")).to_be_visible()


def test_a_click_selects_an_agent_or_a_task_and_shows_its_details(recording: Recordings) -> None:
    page, _ = recording(stories.report())
    task = lines(page, re.compile("^write"))
    task.click()
    panel = page.get_by_role("complementary", name="Task")
    expect(task).to_have_attribute("aria-expanded", "true")
    for title in ("Asked", "Expected", "Context received", "Answered"):
        expect(panel.get_by_role("heading", name=title)).to_be_visible()
    expect(panel.get_by_text("Find out about tides.")).to_be_visible()
    expect(panel.get_by_text("2,400")).to_be_visible()
    expect(panel.get_by_text("$0.0200")).to_be_visible()
    task.get_by_role("button", name="Close").click()
    expect(task).to_have_attribute("aria-expanded", "false")
    lines(page, re.compile("^Researcher")).click()
    panel = page.get_by_role("complementary", name="Agent")
    expect(panel.get_by_text("You know the sea.")).to_be_visible()
    expect(panel.get_by_text("CalculatorTool")).to_be_visible()
    panel.get_by_role("button", name="research").click()
    expect(page.get_by_role("complementary", name="Task").get_by_role("heading", name="research")).to_be_visible()


def test_a_run_of_hours_is_read_by_zooming(recording: Recordings) -> None:
    page, _ = recording(stories.long())
    marks = page.locator(".tick-label")
    expect(marks).to_have_text(["0", "30 m", "1 h", "1 h 30 m"])
    first = lines(page, "Step 0 of research")
    expect(first).to_contain_text("1:00.0")  # the moment keeps its seconds
    bar = first.locator(".bar")
    before = bar.bounding_box()
    bars = page.locator(".timeline-marks").bounding_box()
    assert before
    assert bars
    assert before["width"] < 5
    page.mouse.move(bars["x"] + 2, 400)
    expect(page.locator(".timeline-cursor")).to_be_visible()
    page.mouse.down()
    page.mouse.move(bars["x"] + bars["width"] / 50, 420, steps=4)
    page.mouse.up()
    drawn = bar.bounding_box()
    assert drawn
    assert drawn["width"] > before["width"] * 5
    expect(page.get_by_role("complementary")).to_have_count(0)  # drawing is no click
    page.keyboard.press("0")
    assert marks.all_inner_texts()[-1] == "1 h 30 m"
    page.mouse.move(bars["x"] + 4, 400)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -1500)
    page.keyboard.up("Control")
    expect(page.get_by_role("button", name="Show all the time (0)")).to_be_enabled()
    page.keyboard.press("0")
    page.keyboard.press("+")
    assert marks.all_inner_texts()[-1] != "1 h 30 m"


def test_the_agent_and_the_task_of_the_lines_in_sight_stay_in_sight(recording: Recordings) -> None:
    page, _ = recording(stories.long())
    expect(lines(page, "Step 0 of research")).to_be_visible()
    page.get_by_role("tree").evaluate("tree => tree.scrollTo(0, 60 * 30)")
    copies = page.locator(".timeline-sticky .timeline-row")
    expect(copies).to_have_count(2)
    assert [text.split("\n")[0] for text in copies.all_inner_texts()] == ["Writer", "write"]
    copies.first.click()
    expect(page.get_by_role("complementary", name="Agent")).to_be_visible()


def test_the_minimap_shows_another_part_and_moves_it(recording: Recordings) -> None:
    page, _ = recording(stories.long())
    marks = page.locator(".tick-label")
    expect(marks.last).to_have_text("1 h 30 m")
    strip = page.locator(".minimap").bounding_box()
    assert strip
    y = strip["y"] + strip["height"] / 2

    def draw(start: float, end: float) -> None:
        page.mouse.move(strip["x"] + strip["width"] * start, y)
        page.mouse.down()
        page.mouse.move(strip["x"] + strip["width"] * end, y, steps=4)
        page.mouse.up()

    draw(0, 0.1)
    expect(marks.last).to_have_text(re.compile("^(8|10) m$"))
    window = page.locator(".minimap-window")
    expect(window).to_be_visible()
    draw(0.05, 0.55)  # taken inside the window: the same length, half an hour later and more
    expect(marks.first).to_have_text(re.compile("^5[0-9] m$|^1 h"))


def test_the_last_mark_is_not_cut_by_the_edge(recording: Recordings) -> None:
    page, _ = recording(stories.report())
    bars = page.locator(".timeline-marks").bounding_box()
    last = page.locator(".tick-label").last.bounding_box()
    assert bars
    assert last
    assert last["x"] + last["width"] <= bars["x"] + bars["width"] + 1


def test_details_beside_the_list_move_no_line(recording: Recordings) -> None:
    page, _ = recording(stories.failed())
    line = lines(page, re.compile("^write"))
    before = line.bounding_box()
    line.click()
    expect(page.get_by_role("complementary", name="Task")).to_be_visible()
    after = line.bounding_box()
    assert before
    assert after
    assert after["y"] == before["y"]


def test_the_panes_are_resized_by_keyboard_and_remembered(recording: Recordings) -> None:
    page, _ = recording(stories.report())
    splitter = page.get_by_role("separator", name="Width of the waterfall")
    width = int(splitter.get_attribute("aria-valuenow") or 0)
    splitter.focus()
    page.keyboard.press("ArrowLeft")
    expect(splitter).to_have_attribute("aria-valuenow", str(width + 3))
    page.reload()
    expect(splitter).to_have_attribute("aria-valuenow", str(width + 3))


def test_lines_tell_what_was_decided_and_what_came_of_it_and_cost_is_summed(recording: Recordings) -> None:
    page, _ = recording(stories.report())
    assert lines(page, "Decided").inner_text().split("\n")[:3] == [
        "Decided",
        "calculator(expression: 16 / 0.2)",
        "gpt-5.2",
    ]
    expect(lines(page, re.compile("^calculator"))).to_contain_text("→ 80")
    expect(lines(page, re.compile("^Researcher"))).to_contain_text("$0.0080")


def test_a_tools_arguments_stand_once(recording: Recordings) -> None:
    page, _ = recording(stories.report())
    lines(page, re.compile("^calculator")).click()
    panel = page.get_by_role("complementary", name="Event")
    expect(panel.get_by_text("16 / 0.2")).to_have_count(1)
    expect(panel.get_by_role("heading", name="Result")).to_be_visible()


def test_the_tree_is_walked_as_trees_are(recording: Recordings) -> None:
    page, _ = recording(stories.report())
    chosen = page.locator("[role=treeitem][aria-selected=true]")
    page.get_by_role("tree").focus()
    page.keyboard.press("End")
    expect(chosen).to_contain_text("Outcome is written")
    page.keyboard.press("Home")
    expect(chosen).to_contain_text("Waiting for a start")
    for _ in range(5):
        page.keyboard.press("j")
    expect(chosen).to_contain_text("Decided")
    expect(page.get_by_role("tree")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(chosen).to_have_text(re.compile("^research"))
    page.keyboard.press("ArrowLeft")
    expect(chosen).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    panel = page.get_by_role("complementary", name="Event")
    expect(panel).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(page.get_by_role("tree")).to_be_focused()


def test_all_running_tasks_are_named_and_those_to_come_are_shown(recording: Recordings) -> None:
    page, recorded = recording(stories.parallel())
    expect(page.get_by_role("status").filter(has_text="works on north, south, and east")).to_be_visible()
    expect(lines(page, re.compile("^join"))).to_have_class(re.compile("row-coming"))
    expect(page).to_have_title(re.compile("^▶ 0/4 coasts"))
    story = next(iter(recorded.stories.values()))
    until(page, lambda: len(paths(recorded.asked, story.id)) >= 2)
    quiet = len(recorded.asked)
    page.wait_for_timeout(1_500)  # looks come more slowly while there are no news
    assert len(recorded.asked) - quiet <= 3, recorded.asked[quiet:]
    story.wait(2)
    story.finish()
    expect(lines(page, "Crew completed")).to_be_visible()
    expect(page).to_have_title(re.compile("^✓ coasts"))
    icon = page.locator("link[rel=icon]").get_attribute("href")
    assert icon is not None
    assert "1d7347" in icon


def test_running_and_cut_off_bars_differ(recording: Recordings) -> None:
    page, _ = recording(stories.parallel())
    running = page.locator(".bar-running").first.evaluate("bar => getComputedStyle(bar).backgroundImage")
    story = stories.parallel(16)
    story.wait(5)
    page, _ = recording(story.finish("FAILED", stories.FAILURE))
    cut = page.locator(".bar-cut").first.evaluate("bar => getComputedStyle(bar).backgroundImage")
    assert running != cut


NOTIFICATIONS = """() => {
  window.told = [];
  window.Notification = class {
    static permission = 'granted';
    static requestPermission = async () => 'granted';
    constructor(title, {body}) { window.told.push(`${title}: ${body}`); }
  };
}"""


def test_who_wants_it_is_told_outside_the_page_when_it_ends(recording: Recordings) -> None:
    page, recorded = recording(stories.parallel(), path="/g/demo/executions")
    story = next(iter(recorded.stories.values()))
    page.add_init_script(f"({NOTIFICATIONS})()")
    page.goto(f"/g/demo/executions/{story.id}")
    page.get_by_role("button", name="Tell me when it ends or asks a person").click()
    expect(page.get_by_role("button", name="Tell me no more when it ends or asks")).to_be_visible()
    until(page, lambda: len(paths(recorded.asked, story.id)) >= 2)
    story.wait(2)
    story.finish()
    expect(lines(page, "Crew completed")).to_be_visible()
    assert page.evaluate("window.told") == ["coasts: Completed"]


def test_who_wants_it_is_told_outside_the_page_when_a_person_is_asked(recording: Recordings) -> None:
    page, recorded = recording(stories.parallel(), path="/g/demo/executions")
    story = next(iter(recorded.stories.values()))
    page.add_init_script(f"({NOTIFICATIONS})()")
    page.goto(f"/g/demo/executions/{story.id}")
    page.get_by_role("button", name="Tell me when it ends or asks a person").click()
    until(page, lambda: len(paths(recorded.asked, story.id)) >= 2)
    story.ask("north", "Writer", "A draft.")
    expect(page.get_by_role("link", name="Read and decide")).to_be_visible()
    assert page.evaluate("window.told") == ["coasts: Judge the answer of north"]
    expect(page).to_have_title(re.compile("^⏸ coasts"))


def test_head_and_lines_tell_the_same_while_it_runs(recording: Recordings) -> None:
    page, recorded = recording(stories.parallel())
    story = next(iter(recorded.stories.values()))
    expect(lines(page, "Model call …")).to_have_count(3)
    until(page, lambda: len(paths(recorded.asked, story.id)) >= 2)
    begun = [event for event in story.events if event["event_type"] == "llm_call_started"]
    for event in begun[:2]:
        story.end(event, body="Windy.", extra_data={"model": "gpt-5.2"})
    story.record["usage"]["model_calls"] = 2
    calls = page.locator(".facts > div").filter(has_text="Model calls")
    expect(calls).to_contain_text("2")
    expect(lines(page, "Answered")).to_have_count(2, timeout=1_000)
    expect(lines(page, "Model call …")).to_have_count(1)


def test_lines_stand_in_the_order_of_time_also_after_a_draft_was_sent_back(recording: Recordings) -> None:
    page, _ = recording(stories.revised())
    expect(lines(page, "Crew completed")).to_be_visible()
    calls = page.locator("[role=treeitem][aria-level='3'] .cell-offset").all_inner_texts()
    moments = [minutes(text) for text in calls]
    assert len(moments) >= 3
    assert moments == sorted(moments)


def minutes(text: str) -> float:
    """`12.34 s` or `1:02.3`, in seconds."""
    if text.endswith("s"):
        return float(text.removesuffix(" s"))
    whole, rest = text.split(":")
    return int(whole) * 60 + float(rest)


def test_text_struck_out_is_no_error_and_an_approval_is_not_red(recording: Recordings) -> None:
    story = stories.report(answer="This is ~~struck out~~.")
    page, _ = recording(story, path="?event=t%3AWriter%7Cwrite")
    colour = "element => getComputedStyle(element).color"
    struck = page.locator(".markdown del").first
    expect(struck).to_be_visible()
    assert struck.evaluate(colour) != resolved(page, "--bad")
    page, _ = recording(stories.revised())
    asked = lines(page, re.compile("Asked a person.*approved")).first
    expect(asked).to_be_visible()
    for part in (asked.locator(".row-preview").first, asked.locator("svg").last):
        assert part.evaluate(colour) != resolved(page, "--bad")


def resolved(page: Page, variable: str) -> str:
    """A colour of the theme, as computed styles tell it."""
    return page.evaluate(
        "name => {const probe = document.body.appendChild(document.createElement('i'));"
        "probe.style.color = `var(${name})`; return getComputedStyle(probe).color}",
        variable,
    )
