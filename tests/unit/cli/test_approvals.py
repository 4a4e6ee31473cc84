"""What waits for a person: shown, and decided."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.cli.fake_api import EXECUTION_ID, FakeApi, question, serving
from tests.unit.cli.invoking import invoke

FIRST = f"{EXECUTION_ID}.1"


@pytest.fixture
def api() -> Iterator[FakeApi]:
    with serving(FakeApi()) as fake:
        fake.script = [("WAITING", 2)]
        yield fake


def test_what_waits_is_a_table_and_with_json_the_answer_itself(api: FakeApi) -> None:
    api.approval = question(may_decide=False, question="Good?\x1b[2J")
    shown = invoke(api, "approvals")
    assert shown.exit_code == 0
    for part in (EXECUTION_ID, "answer", "Good?", "no"):
        assert part in shown.stdout
    assert "\x1b" not in shown.stdout
    assert json.loads(invoke(api, "approvals", "--json").stdout)["approvals"][0]["number"] == 1


def test_one_executions_questions_are_shown_with_what_is_to_be_judged(api: FakeApi) -> None:
    shown = invoke(api, "approvals", EXECUTION_ID).stdout
    for part in ("1. Is this answer good?", "A short haiku", "any member", "then: reject"):
        assert part in shown


def test_a_large_answer_is_fetched_and_a_decision_is_told(api: FakeApi) -> None:
    url = f"/api/v1/executions/{EXECUTION_ID}/approvals/1/output"
    decision = {"kind": "revise", "comment": "Shorter.", "decided_by": None, "decided_at": "2026-11-24T11:00:00Z"}
    api.approval = question(output=None, output_reference={"url": url}, decision=decision)
    shown = invoke(api, "approvals", EXECUTION_ID).stdout
    assert "A long haiku" in shown
    assert "revise because nobody decided in time" in shown
    assert "Shorter." in shown


def test_held_back_calls_are_shown_with_their_arguments(api: FakeApi) -> None:
    api.approval = question(kind="tool", output="", tools=[{"tool_name": "publish", "arguments": {"to": "all"}}])
    assert 'publish {"to": "all"}' in invoke(api, "approvals", EXECUTION_ID).stdout


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["approve"], {"decision": "approve"}),
        (["approve", "--max-tokens", "9"], {"decision": "approve", "limits": {"max_tokens": 9}}),
        (["revise", "--comment", "Shorter."], {"decision": "revise", "comment": "Shorter."}),
        (["reject", "--comment", "No."], {"decision": "reject", "comment": "No."}),
    ],
)
def test_a_decision_names_the_open_question(api: FakeApi, arguments: list[str], expected: dict[str, object]) -> None:
    result = invoke(api, arguments[0], EXECUTION_ID, *arguments[1:])
    assert result.exit_code == 0, result.output
    assert api.feedback == [{"approval_id": FIRST, **expected}]
    assert "is RUNNING" in result.stderr


def test_a_named_question_is_not_looked_up(api: FakeApi) -> None:
    invoke(api, "reject", EXECUTION_ID, "--approval", "3")
    assert api.feedback == [{"decision": "reject", "approval_id": f"{EXECUTION_ID}.3"}]
    assert api.looks == 0


def test_a_corrected_answer_comes_from_a_file(api: FakeApi, tmp_path: Path) -> None:
    text = tmp_path / "answer.md"
    text.write_text("Better ü\n", encoding="utf-8")
    invoke(api, "approve", EXECUTION_ID, "--output", str(text))
    assert api.feedback[0]["output"] == "Better ü\n"
    missing = invoke(api, "approve", EXECUTION_ID, "--output", str(tmp_path / "none"))
    assert (missing.exit_code, len(api.feedback)) == (2, 1)


def test_a_decision_whose_answer_is_lost_is_sent_again_for_the_same_question(api: FakeApi) -> None:
    api.trouble = [(503, {"detail": "busy"})]
    assert invoke(api, "approve", EXECUTION_ID, "--approval", "1").exit_code == 0
    assert [sent.body["approval_id"] for sent in api.seen if sent.path.endswith("/feedback")] == [FIRST, FIRST]


def test_deciding_on_what_does_not_wait_says_how_it_stands(api: FakeApi) -> None:
    api.script = [("COMPLETED", 4)]
    result = invoke(api, "approve", EXECUTION_ID)
    assert (result.exit_code, api.feedback) == (2, [])
    assert "it is COMPLETED" in result.stderr


def test_a_refused_decision_exits_2(api: FakeApi) -> None:
    api.trouble = [(409, {"status": 409, "detail": "Approval e-1.1 was decided already: reject, by bob."})]
    result = invoke(api, "approve", EXECUTION_ID, "--approval", "1")
    assert result.exit_code == 2
    assert "decided already" in result.stderr


def test_watching_says_once_what_to_type_while_it_waits(api: FakeApi) -> None:
    api.script = [("WAITING", 2), ("WAITING", 3), ("COMPLETED", 4)]
    shown = invoke(api, "watch", EXECUTION_ID).stdout
    assert shown.count(f"stepcrew approve {EXECUTION_ID} --approval 1") == 1
    assert shown.count(f"stepcrew revise {EXECUTION_ID} --approval 1 --comment TEXT") == 1


def test_status_tells_what_is_waited_for_and_what_a_cancel_cost(api: FakeApi) -> None:
    waiting = invoke(api, "status", EXECUTION_ID)
    assert "for a person, about the answer of write" in waiting.stdout
    assert f"stepcrew reject {EXECUTION_ID} --approval 1" in waiting.stderr
    api.script, api.looks = [("CANCELLED", 4)], 0
    cancelled = invoke(api, "status", EXECUTION_ID)
    assert "seen after 2.00 s; after the request: 1 model call (1 let go), 42 tokens, $0.0012" in cancelled.stdout


def test_a_budget_that_asks_and_a_part_of_a_name_travel_as_they_are(api: FakeApi, tmp_path: Path) -> None:
    crew = tmp_path / "crew.json"
    crew.write_text('{"agents": {}, "tasks": []}')
    invoke(api, "run", str(crew), "--max-tokens", "9", "--on-budget", "ask")
    assert api.seen[-1].body["limits"] == {"max_tokens": 9, "on_budget": "ask"}
    invoke(api, "list", "--search", "ha iku")
    assert "search=ha+iku" in api.paths()[-1].replace("%20", "+")
