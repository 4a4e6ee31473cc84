"""Writing a crew: help where it is written, every fault at once, what is missing asked for, and running it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.console import stories
from tests.console.conftest import Recordings
from tests.console.recorded import PLAN, refused, until
from tests.newsroom import write_newsroom

pytestmark = pytest.mark.browser
NEW = "/g/demo/new"


def write(page: Page, text: str, name: str = "crew.yaml") -> None:
    editor = page.get_by_role("textbox", name=name)
    editor.click()
    expect(page.locator(".cm-editor")).to_be_visible()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)


def test_all_faults_are_told_at_once_at_their_lines(recording: Recordings) -> None:
    page, recorded = recording(stories.report(), path=NEW)
    recorded.check = lambda _: refused(
        ("/config/agents/writer/rolle", "unknown_field", "rolle does not belong into the definition of an agent."),
        ("/config/agents/writer", "missing", "role is missing."),
        ("/config/tasks/0/agent", "unknown_agent", "Task 'one' names the unknown agent 'nobody'."),
    )
    write(page, "agents:\n  writer:\n    rolle: R\ntasks:\n  - name: one\n    agent: nobody\n    bad: 'a'b\nx: 'c'd\n")
    faults = page.get_by_role("region", name="Faults").get_by_role("listitem")
    # Two lines that cannot be read, and in front of them what is wrong whatever they say.
    expect(faults).to_have_count(3)
    expect(faults.nth(0)).to_contain_text("Line 7")
    expect(faults.nth(1)).to_contain_text("Line 8")
    expect(faults.nth(2)).to_contain_text("Line 3 rolle does not belong")
    write(page, "agents:\n  writer:\n    rolle: R\ntasks:\n  - name: one\n    agent: nobody\n")
    expect(faults).to_have_text([re.compile("^Line 3"), re.compile("^Line 2"), re.compile("^Line 6")])
    expect(page.locator(".cm-lint-marker-error")).to_have_count(3)
    expect(page.get_by_role("button", name="Run this crew")).to_be_disabled()


EDITOR = "**/CodeEditor-*.js"
Plain = tuple[Page, Locator, Callable[[], None]]


@pytest.fixture
def plain(recording: Recordings) -> Plain:
    """A page whose code editor is on its way, the field that serves until then, and what lets the editor come."""
    page, _ = recording(stories.report(), path=NEW)
    held: list[Route] = []
    page.route(EDITOR, lambda route: held.append(route))

    def let_it_come() -> None:
        [editor] = held
        editor.fallback()
        expect(page.locator(".cm-editor")).to_be_visible()

    return page, page.get_by_role("textbox", name="crew.yaml"), let_it_come


def test_what_is_written_and_selected_before_the_editor_is_there_stays(
    plain: Plain,
) -> None:
    page, field, let_it_come = plain
    with page.expect_request(EDITOR):
        field.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("name: tides\nagents: {}\n")
    page.keyboard.press("Control+Home")
    page.keyboard.press("Shift+End")
    expect(page.locator(".cm-editor")).to_have_count(0)
    let_it_come()
    page.keyboard.insert_text("name: moons")
    expect(field).to_contain_text("name: moonsagents: {}")


def test_the_editor_may_come_in_the_middle_of_a_click(plain: Plain) -> None:
    page, field, let_it_come = plain
    with page.expect_request(EDITOR):
        field.hover()
    page.mouse.down()
    let_it_come()
    page.mouse.up()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text("name: moons")
    expect(field).to_have_text("name: moons")


def test_a_missing_input_is_asked_for_and_is_no_fault(recording: Recordings) -> None:
    page, recorded = recording(stories.report(), path=NEW)

    def check(body: dict[str, Any]) -> tuple[int, Any]:
        if body["inputs"].get("topic"):
            return 200, PLAN
        return refused(
            ("/config/tasks/0/description", "missing_input", "The input 'topic' is used but not given."),
            ("/config/agents/a/role", "missing_input", "The input 'topic' is used but not given."),
        )

    recorded.check = check
    write(page, "agents: {a: {role: 'On {topic}'}}\ntasks: [{name: t, description: 'On {topic}'}]\n")
    expect(page.get_by_role("heading", name="Waits for an input")).to_be_visible()
    expect(page.get_by_role("region", name="Faults")).to_have_count(0)
    page.get_by_role("button", name="Run this crew").click()
    topic = page.get_by_role("textbox", name=re.compile("^topic"))
    expect(topic).to_be_focused()
    assert "POST /executions" not in recorded.asked
    page.keyboard.type("tides")
    expect(page.get_by_role("heading", name="Ready to run")).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(1360, 860), (1280, 600), (390, 844), (844, 390)])
def test_the_run_button_is_always_in_sight(recording: Recordings, width: int, height: int) -> None:
    page, _ = recording(stories.report(), path=NEW, viewport={"width": width, "height": height})
    run = page.get_by_role("button", name="Run this crew")
    expect(run).to_be_in_viewport(ratio=1)
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(run).to_be_in_viewport(ratio=1)


def test_ctrl_enter_runs_from_inside_the_editor(recording: Recordings) -> None:
    page, recorded = recording(stories.report(), path=NEW)
    expect(page.get_by_role("heading", name="Ready to run")).to_be_visible()
    recorded.start = lambda _: (202, {"execution_id": stories.report().id, "status": "PENDING", "replayed": False})
    page.get_by_role("textbox", name="crew.yaml").click()
    page.keyboard.press("Control+Enter")
    expect(page).to_have_url(re.compile(f"{stories.report().id}$"))


def test_an_example_runs_at_one_click(recording: Recordings) -> None:
    page, recorded = recording(stories.report(), path=NEW)
    recorded.start = lambda _: (202, {"execution_id": stories.report().id, "status": "PENDING", "replayed": False})
    page.get_by_role("button", name="Run research-write-edit").click()
    expect(page).to_have_url(re.compile(f"{stories.report().id}$"))
    sent = [body for method, path, body in recorded.sent if (method, path) == ("POST", "/executions")]
    assert sent[-1]["inputs"] == {"topic": "the history of paper"}
    assert sent[-1]["config"]["tasks"][0]["name"] == "research_task"


def test_a_project_folder_is_opened_with_what_its_python_says_and_a_word_on_what_stays_behind(
    recording: Recordings, tmp_path: Path
) -> None:
    page, recorded = recording(stories.report(), path=NEW)
    folder = write_newsroom(tmp_path / "newsroom")
    page.get_by_label("Folder of a crew").set_input_files(folder)
    editor = page.get_by_role("textbox", name="crew.yaml")
    expect(editor).to_contain_text("output_pydantic:")
    expect(editor).to_contain_text("SerperDevTool")
    expect(page.get_by_role("textbox", name="topic")).to_have_value("paper")
    expect(page.locator(".notice-line")).to_contain_text(
        ["prepare (@before_kickoff)", "stepcrew deploy", "now=clock()"]
    )
    until(page, lambda: any("output_pydantic" in str(body) for _, path, body in recorded.sent if path == "/executions"))

    crew = folder / "src/newsroom/crew.py"
    crew.write_text(crew.read_text().replace("Process.sequential", "chosen()"))
    page.get_by_label("Folder of a crew").set_input_files(folder)
    expect(page.get_by_role("alert")).to_contain_text(
        re.compile(r"newsroom/src/newsroom/crew\.py:\d+: process of crew")
    )
    expect(page.get_by_role("alert")).to_contain_text("stepcrew deploy")
    expect(editor).to_contain_text("SerperDevTool")


def test_fields_agents_tools_and_models_are_completed_and_explained(recording: Recordings) -> None:
    page, _ = recording(stories.report(), path=NEW)
    offered = page.locator(".cm-tooltip-autocomplete")
    write(page, "agents:\n  writer:\n    role: R\n    ")
    expect(page.get_by_role("region", name="The crew")).to_have_count(0)
    page.keyboard.type("gua")
    expect(offered.get_by_role("option")).to_have_text(
        [re.compile("^guardrailtext"), re.compile("^guardrail_max_retrieswhole number 0–5, 3 by default")]
    )
    expect(page.locator(".cm-completionInfo")).to_contain_text("A rule in words.")
    page.keyboard.press("Escape")
    write(page, "agents:\n  writer:\n    role: R\ntasks:\n  - name: one\n    agent: ")
    page.keyboard.type("w")
    expect(offered.get_by_role("option")).to_have_text(["writeragent"])
    page.keyboard.press("Escape")
    write(page, "agents:\n  writer:\n    role: R\n    tools:\n      - ")
    page.keyboard.type("Calc")
    expect(offered.get_by_role("option")).to_have_text(["CalculatorTooltool"])
    page.keyboard.press("Escape")
    write(page, "agents:\n  writer:\n    llm: ")
    page.keyboard.type("open")
    expect(offered.get_by_role("option")).to_have_text(["openai/gpt-5.2model"])
    page.keyboard.press("Escape")
    page.locator(".cm-line", has_text="llm").get_by_text("llm").hover()
    expect(page.locator(".cm-explanation")).to_contain_text("The agent's model")


def test_the_crew_is_drawn_beside_its_text(recording: Recordings) -> None:
    page, _ = recording(stories.report(), path=NEW)
    agents = "agents:\n  a: {role: Reader}\n  b: {role: Writer}\n"
    tasks = "tasks:\n  - {name: one, agent: a}\n  - {name: two, agent: b}\n  - {name: three, context: [one]}\n"
    write(page, agents + tasks)
    graph = page.get_by_role("region", name="The crew")
    expect(graph.get_by_role("listitem")).to_have_count(3)
    expect(graph.get_by_role("listitem").nth(2)).to_contain_text("reads one")
    expect(graph.locator("path")).to_have_count(2)
