"""Traces of the local stack as Arize Phoenix has stored them: sent by themselves, and once more by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripted_model import scripted_model
from stepcrew_local.provider import external_model
from stepcrew_local.stack import StackOptions, running_stack
from tests.collector.phoenix import Stored, phoenix
from tests.e2e.test_projects import stepcrew
from tests.e2e.user import User, agent, crew, task

TOOL = 'Calculate. [[tool calculator {"expression": "6*7"}]] [[say It is 42.]]'
GOOD: dict[str, Any] = {
    "name": "good",
    "agents": {"worker": agent(tools=["CalculatorTool"])},
    "tasks": [task("Write. [[say ONE]]", "first"), task(TOOL, "second")],
}
BAD: dict[str, Any] = {**crew(task("Refuse. [[fail 400]]", "third")), "name": "bad"}
ROOTS = {("invoke_workflow good",), ("invoke_workflow bad",)}


def at(stored: list[Stored], *path: str) -> Stored:
    [found] = [one for one in stored if one.path == path]
    return found


@pytest.mark.timeout(400)
def test_phoenix_stores_the_tree_the_tokens_and_the_failure_once(tmp_path: Path) -> None:
    with phoenix(tmp_path) as collector, scripted_model() as model:
        environment = {"EXPORT_ENDPOINT": collector.url}
        with running_stack(StackOptions(port=0, model=external_model(model.url), environment=environment)) as stack:
            stack.wait_until_healthy()
            with User(stack.url, "ada") as ada:
                records = [ada.ended(one) for one in [ada.submit(GOOD), ada.submit(BAD)]]
                assert [one["status"] for one in records] == ["COMPLETED", "FAILED"]
                good_id = records[0]["execution_id"]
                stored = collector.until_stored(lambda found: {one.path for one in found} >= ROOTS)
                again = stepcrew(ada, "export", good_id, "--to", collector.url)
                assert again.returncode == 0, again.stderr
                later = records[1]["execution_id"]
                assert stepcrew(ada, "export", later, "--to", collector.url).returncode == 0
        assert collector.stored() == stored

    crew_of_good = ("invoke_workflow good", "crew good")
    root = at(stored, "invoke_workflow good")
    assert (root.attributes["stepcrew.execution_id"], root.status) == (good_id, "UNSET")
    for name in ("first", "second"):
        worker = at(stored, *crew_of_good, f"task {name}", "invoke_agent Worker")
        assert (worker.kind, worker.status) == ("AGENT", "UNSET")
        assert worker.seconds <= at(stored, *crew_of_good, f"task {name}").seconds <= root.seconds
    tool = at(stored, *crew_of_good, "task second", "invoke_agent Worker", "execute_tool calculator")
    assert (tool.kind, tool.attributes["tool.name"]) == ("TOOL", "calculator")
    calls = [one for one in stored if one.kind == "LLM" and one.path[0] == root.path[0]]
    assert [one.path[2] for one in calls] == ["task first", "task second", "task second"]
    assert {one.attributes["llm.model_name"] for one in calls} == {"smollm2-135m-instruct"}
    for theirs, ours in (("prompt", "prompt_tokens"), ("completion", "completion_tokens")):
        assert sum(one.attributes[f"llm.token_count.{theirs}"] for one in calls) == records[0]["usage"][ours]

    refused = at(stored, "invoke_workflow bad", "crew bad", "task third")
    assert refused.status == at(stored, "invoke_workflow bad").status == "ERROR"
    assert "scripted failure 400" in refused.message
    assert not [one for one in stored if "?" in one.path]
