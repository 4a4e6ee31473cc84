"""A case of each chapter of docs/troubleshooting.md on the whole stack, with the words that the document quotes."""

from __future__ import annotations

from scripted_model import ScriptedModel
from stepcrew_local.stack import Stack
from tests.e2e.faults import kill
from tests.e2e.test_limits import GROUP, SetLimits, researcher, set_limits
from tests.e2e.user import User, crew, task
from tests.unit.api.test_troubleshooting import assert_quoted

__all__ = ["researcher", "set_limits"]


def test_a_case_of_each_chapter_says_what_the_document_quotes(
    researcher: User, running: tuple[str, ScriptedModel, Stack], model: ScriptedModel, set_limits: SetLimits
) -> None:
    def why(execution_id: str) -> str:
        return researcher.get(f"/executions/{execution_id}/why").json()["summary"]

    set_limits({"running_executions": {"N": "1"}})
    think, draft = task("Think. [[slow 3]]", "think"), task("Draft. [[say DRAFT]]", "draft", human_input=True)
    slow = researcher.submit(crew(think, draft))
    stuck = researcher.submit(crew(task("Do it. [[say DONE]]")))
    assert_quoted(why(stuck), "It waits for a free slot of its group")

    researcher.until(slow, lambda record: record["progress"]["current_task"] == "think" and bool(model.requests))
    assert kill(running[2], "RunnerFunction")
    researcher.until(slow, lambda record: record["status"] == "WAITING")
    assert_quoted(why(slow), "It waits for a person to decide")
    assert researcher.post(f"/executions/{slow}/feedback", json={"decision": "approve"}).status_code == 202
    researcher.until(slow, lambda record: record["status"] == "COMPLETED")
    assert_quoted(why(slow), "told after its last batch is lost, for it died", "died without saying why")

    bill = researcher.get(f"/executions/{slow}/cost").json()
    assert (bill["total_usd"], bill["estimated"]) == (None, True)
    assert_quoted(" ".join(bill["notes"]), "No price is known for")
    assert "Of 1 of its" in " ".join(bill["notes"])

    with User(running[0], "vera") as vera:
        config = {"config": crew(task("Do it."))}
        may_not = vera.post("/executions", json=config)
        foreign = vera.post("/executions", json=config, headers={"X-Group-Id": GROUP})
    assert (may_not.status_code, foreign.status_code) == (403, 403)
    assert_quoted(may_not.json()["detail"], "Your role in the group 'demo', viewer, may not submit, cancel and decide.")
    assert_quoted(foreign.json()["detail"], "The token does not belong to the group 'research'.")
    assert researcher.ended(stuck)["status"] == "COMPLETED"
