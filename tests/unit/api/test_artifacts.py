"""Outputs with a file's name: listed, fetched, and never another group's."""

from __future__ import annotations

from typing import Any

from stepcrew.domain.artifacts import written_id
from stepcrew.domain.execution import Execution, TaskOutput, TaskState
from stepcrew.domain.project import ProjectOutline, ProjectVersion
from stepcrew.domain.submission import Submission
from tests.aws_table import GROUP, NOW
from tests.unit.api.harness import BOB, VERA, Harness, body


def begun(harness: Harness, *files: str | None, inputs: dict[str, Any] | None = None) -> Execution:
    """An execution whose tasks have these output files."""
    sent = body(inputs=inputs or {})
    [task] = sent["config"]["tasks"]
    sent["config"]["tasks"] = [
        {**task, "name": f"t{number}", **({"output_file": file} if file else {})} for number, file in enumerate(files)
    ]
    answer = harness.client().post("/executions", json=sent)
    assert answer.status_code == 202, answer.text
    return harness.aws.executions.begin_attempt(GROUP, answer.json()["execution_id"], NOW)


def keep(harness: Harness, execution: Execution, index: int, raw: str, **more: Any) -> None:
    harness.aws.tasks.save_task_output(execution, TaskOutput(index=index, name=f"t{index}", raw=raw, **more))


def listed(harness: Harness, execution: Execution) -> list[dict[str, Any]]:
    return harness.client(VERA).get(f"/executions/{execution.execution_id}/artifacts").json()["artifacts"]


def test_finished_tasks_with_an_output_file_are_artifacts(harness: Harness) -> None:
    execution = begun(harness, "out/{topic}.md", None, "data.json", "later.txt", inputs={"topic": "../a: b"})
    keep(harness, execution, 0, "# Rivers\n")
    keep(harness, execution, 1, "nothing")
    keep(harness, execution, 2, '{"n":1}', json_dict={"n": 1})
    assert listed(harness, execution) == [
        {"name": "out/a- b.md", "task": "t0", "media_type": "text/markdown", "bytes": 9},
        {"name": "data.json", "task": "t2", "media_type": "application/json", "bytes": 12},
    ]
    address = f"/executions/{execution.execution_id}/artifacts"
    found = harness.client(VERA).get(f"{address}/out/a- b.md")
    assert (found.text, found.headers["content-disposition"]) == ("# Rivers\n", "attachment")
    assert harness.client(VERA).get(f"{address}/data.json").json() == {"n": 1}
    assert harness.client(VERA).get(f"{address}/later.txt").status_code == 404


def test_a_skipped_task_has_none_and_of_two_with_one_name_the_last_counts(harness: Harness) -> None:
    execution = begun(harness, "a.txt", "a.txt", "b.txt")
    keep(harness, execution, 0, "first")
    keep(harness, execution, 1, "second")
    keep(harness, execution, 2, "", state=TaskState.SKIPPED)
    assert [(one["name"], one["task"]) for one in listed(harness, execution)] == [("a.txt", "t1")]


def test_a_large_one_is_fetched_from_the_bucket(harness: Harness) -> None:
    execution = begun(harness, "a.txt")
    keep(harness, execution, 0, "x" * 4_000_000)
    assert listed(harness, execution)[0]["bytes"] == 4_000_000
    address = f"/executions/{execution.execution_id}/artifacts/a.txt"
    found = harness.client().get(address, headers={"Accept": "text/uri-list"})
    assert found.text.startswith("https://")


def test_another_group_finds_none(harness: Harness) -> None:
    execution = begun(harness, "a.txt")
    keep(harness, execution, 0, "mine")
    for path in ("", "/a.txt"):
        address = f"/executions/{execution.execution_id}/artifacts{path}"
        assert harness.client(BOB).get(address).status_code == 404


def test_an_input_that_only_a_files_name_takes_must_be_given(harness: Harness) -> None:
    sent = body()
    sent["config"]["tasks"][0]["output_file"] = "{topic}.md"
    faults = harness.client().post("/executions", json=sent).json()["errors"]
    assert [(one["pointer"], one["code"]) for one in faults] == [("/config/tasks/0/output_file", "missing_input")]


def test_files_that_a_project_wrote_are_those_of_the_last_attempt_that_wrote_them(harness: Harness) -> None:
    execution = begun(harness, None)
    project = ProjectVersion(bundle="0" * 64, entry="crew:crew", kind="crew", function="f")
    harness.aws.executions.create(
        execution.model_copy(update={"execution_id": "of-a-project"}),
        Submission(project=project, definition=ProjectOutline(name="project")),
        None,
    )
    for attempt, name, content in ((1, "output/a.bin", b"old"), (2, "output/a.bin", b"\x00\xff"), (1, "b.md", b"# B")):
        harness.aws.payloads.put(GROUP, "of-a-project", written_id(attempt, name), content)
    address = "/executions/of-a-project/artifacts"
    assert harness.client(VERA).get(address).json()["artifacts"] == [
        {"name": "b.md", "task": None, "media_type": "text/markdown", "bytes": 3},
        {"name": "output/a.bin", "task": None, "media_type": "application/octet-stream", "bytes": 2},
    ]
    assert harness.client(VERA).get(f"{address}/output/a.bin").content == b"\x00\xff"
    assert harness.client(BOB).get(f"{address}/output/a.bin").status_code == 404
