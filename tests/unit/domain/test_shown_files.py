"""What models are shown is checked at submission: whether it can be, and whether they see."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.domain.test_references import faults

from stepcrew.domain.faults import Faults
from stepcrew.domain.files import file_uses
from stepcrew.domain.flow_checks import CrewRules, examine_flow
from stepcrew.domain.models import ModelRules
from stepcrew.domain.own_names import NOTHING_OWN
from stepcrew.domain.parsing import parse_crew
from stepcrew.domain.shown_files import MOST_SHOWN, kind_of

RULES = ModelRules("openai/gpt-4o", ["*"], connections={"local": ()})
BLIND = "openai/gpt-3.5-turbo"
CLAUDE = "anthropic/claude-sonnet-4-5"


def agent(**more: Any) -> dict[str, Any]:
    return {"role": "Painter", "goal": "Look", "backstory": "Old", **more}


def task(name: str = "look", **more: Any) -> dict[str, Any]:
    return {"name": name, "description": "Look.", "expected_output": "Text", "agent": "eye", **more}


SHOWS = task(input_files={"a": "a.png"})
PDF = task(input_files={"a": "a.pdf"})


@pytest.mark.parametrize(
    ("config", "inputs", "pointer", "code"),
    [
        ({"tasks": [SHOWS], "model": BLIND}, {}, "/config/tasks/0/input_files/a", "model_cannot_see"),
        ({"tasks": [SHOWS], "model": "local/demo"}, {}, "/config/tasks/0/input_files/a", "model_cannot_see"),
        (
            {"tasks": [SHOWS], "model": {"model": "openai/gpt-4o", "fallbacks": [BLIND]}},
            {},
            "/config/tasks/0/input_files/a",
            "model_cannot_see",
        ),
        ({"tasks": [PDF]}, {}, "/config/tasks/0/input_files/a", "model_cannot_see"),
        (
            {"tasks": [task()], "input_files": {"a": "a.png"}, "model": BLIND},
            {},
            "/config/input_files/a",
            "model_cannot_see",
        ),
        ({"tasks": [task()], "model": BLIND}, {"photo": {"file": "a.jpg"}}, "/inputs/photo", "model_cannot_see"),
        ({"tasks": [task(input_files={"a": "a.csv"})]}, {}, "/config/tasks/0/input_files/a", "file_kind"),
        ({"tasks": [task(input_files={"a": "{which}"})]}, {}, "/config/tasks/0/input_files/a", "missing_input"),
        (
            {
                "tasks": [{**SHOWS, "agent": None}],
                "process": "hierarchical",
                "manager_llm": BLIND,
            },
            {},
            "/config/tasks/0/input_files/a",
            "model_cannot_see",
        ),
    ],
)
def test_a_file_that_cannot_be_shown_is_told_at_its_place(
    config: dict[str, Any], inputs: dict[str, Any], pointer: str, code: str
) -> None:
    found = faults({"agents": {"eye": agent()}, **config}, inputs, RULES)
    assert [(one.pointer, one.code) for one in found] == [(pointer, code)]


@pytest.mark.parametrize(
    ("config", "inputs"),
    [
        ({"tasks": [SHOWS]}, {}),
        ({"tasks": [PDF], "model": CLAUDE}, {}),
        ({"tasks": [SHOWS], "model": "local/demo", "agents": {"eye": agent(multimodal=True)}}, {}),
        (
            {"tasks": [task(input_files={"a": "{month}.png", "b": "{photo}"})]},
            {"month": "May", "photo": {"file": "b.gif"}},
        ),
        ({"tasks": [task()], "model": BLIND}, {"report": {"file": "a.pdf"}}),
        (
            {"tasks": [SHOWS], "agents": {"eye": agent(), "ear": agent(llm=BLIND)}},
            {},
        ),
    ],
)
def test_what_can_be_shown_is_no_fault(config: dict[str, Any], inputs: dict[str, Any]) -> None:
    assert faults({"agents": {"eye": agent()}, **config}, inputs, RULES) == []


def test_a_crew_shows_so_many_files() -> None:
    tasks = [task(f"look {number}", input_files={"a": "a.png"}) for number in range(MOST_SHOWN + 1)]
    found = faults({"agents": {"eye": agent()}, "tasks": tasks}, {}, RULES)
    assert [one.code for one in found] == ["too_many_files"]


def test_the_files_of_a_crew_are_those_it_shows_too() -> None:
    config = {
        "agents": {"eye": agent()},
        "tasks": [task(input_files={"a": "{month}.png", "b": "{later}"})],
        "input_files": {"c": "c.pdf"},
    }
    parsed = parse_crew(config, {"month": "May", "photo": {"file": "d.png"}, "report": {"file": "d.pdf"}})
    uses = list(file_uses(parsed.definition, parsed.inputs))
    assert [use.name for use in uses] == ["c.pdf", "May.png", "d.png", "d.pdf"]
    assert [use.is_shown for use in uses] == [True, True, True, False]


def test_a_picture_given_to_a_flow_is_shown_in_its_crews() -> None:
    crew = {"agents": {"eye": agent(llm=BLIND)}, "tasks": [task()]}
    flow = {
        "schema": "crewai.flow/v1",
        "name": "looking",
        "methods": {"look": {"start": True, "do": {"call": "crew", "with": crew}}},
    }
    faults = Faults()
    examine_flow(flow, {"photo": {"file": "a.png"}}, faults, CrewRules(RULES, None, NOTHING_OWN))
    assert [(one.pointer, one.code) for one in faults] == [("/inputs/photo", "model_cannot_see")]


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x0a\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"RIFF\x0a\x00\x00\x00WAVEfmt ", None),
        (b"%PDF-1.7", "application/pdf"),
        (b"<svg/>", None),
        (b"", None),
    ],
)
def test_a_kind_is_what_the_bytes_are(content: bytes, kind: str | None) -> None:
    assert kind_of(content) == kind
