"""Crews read files of their group: as inputs and by a tool, the same in every attempt."""

from __future__ import annotations

import json
from typing import Any

from scripted_model import ScriptedModel
from stepcrew_runner.crew.files import FileReadTool
from tests.runner.gates import in_attempt
from tests.runner.given_files import upload
from tests.runner.harness import Harness, agent, crew, task


def reading(**arguments: Any) -> dict[str, Any]:
    tool = f"[[tool read_a_files_content {json.dumps(arguments)}]]"
    described = task(f"Read it. {tool} [[say DONE]]")
    return {**crew(described), "agents": {"worker": agent(tools=["FileReadTool"])}, "files": ["facts.txt"]}


def told(model: ScriptedModel, text: str) -> bool:
    return any(text in one.text for one in model.requests)


def test_an_input_that_is_a_file_is_its_text(harness: Harness, model: ScriptedModel) -> None:
    upload(harness)
    ended = harness.run(crew(task("Sum up: {facts} [[say DONE]]")), {"facts": {"file": "facts.txt"}})
    assert ended.outcome == "COMPLETED", ended.execution.error
    assert told(model, "Sum up: Ada likes tea.\nBob likes milk.")


def test_a_later_attempt_is_shown_what_the_first_one_read(harness: Harness, model: ScriptedModel) -> None:
    upload(harness)
    execution_id = harness.submit(crew(task("Sum up: {facts} [[say DONE]]")), {"facts": {"file": "facts.txt"}})
    assert harness.attempt(execution_id).outcome.value == "COMPLETED"
    upload(harness, b"Nobody likes anything.")
    harness.tasks.restore({})
    harness.executions.change(execution_id, status="RUNNING", ended_at=None)
    model.reset()
    assert harness.attempt(execution_id).outcome.value == "COMPLETED"
    assert model.requests == []


def test_a_file_that_is_gone_or_another_groups_ends_the_crew_with_the_reason(harness: Harness) -> None:
    upload(harness, group_id="group-b")
    ended = harness.run(crew(task("Sum up: {facts}")), {"facts": {"file": "facts.txt"}})
    assert ended.outcome == "FAILED"
    assert ended.execution.error is not None
    assert (ended.execution.error.type, ended.execution.error.category.value) == ("FileMissing", "input")


def test_an_input_may_not_be_longer_than_a_prompt_can_be(harness: Harness) -> None:
    upload(harness, b"x" * 200_001)
    ended = harness.run(crew(task("Sum up: {facts}")), {"facts": {"file": "facts.txt"}})
    assert ended.execution.error is not None
    assert "FileReadTool" in ended.execution.error.remedy


def test_an_agent_reads_the_files_that_its_crew_names_and_no_others(harness: Harness, model: ScriptedModel) -> None:
    upload(harness)
    upload(harness, b"SECRET", "other.txt")
    assert harness.run(reading(file_path="facts.txt", start_line=2, line_count=1)).outcome == "COMPLETED"
    assert told(model, "Bob likes milk.")
    assert not told(model, "Eva likes rain.")
    model.reset()
    assert harness.run(reading(file_path="other.txt")).outcome == "COMPLETED"
    assert told(model, "There is no file other.txt. There are: facts.txt.")
    assert not told(model, "SECRET")


def test_a_long_file_is_read_a_part_at_a_time(harness: Harness) -> None:
    text = "".join(f"line {number}\n" for number in range(1, 20_001))
    tool = FileReadTool(names=["a.txt"], read=lambda _name: text)

    def read(line: int) -> str:
        return in_attempt(harness, lambda: tool.run(file_path="a.txt", start_line=line))

    seen, line = "", 1
    while True:
        part = read(line)
        shown, _, more = part.partition("\n[The file goes on: read it from line ")
        seen += shown[: len(shown) if not more else shown.rfind("\n") + 1]
        if not more:
            break
        line = int(more.rstrip(".]"))
    assert seen == text
    assert read(90_000) == "The file has 20000 lines."
