"""A bundle is replayed with no model and no key: the journal answers, and what differs is told."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from stepcrew.domain.bundle import APPROVALS, JOURNAL, OUTPUTS, TRACE, Bundle, BundleWriter, NoBundle, read_bundle
from stepcrew.domain.connection import ConnectionSpec
from stepcrew.domain.errors import InvalidRequest
from stepcrew.domain.execution import Limits, Status, TaskOutput
from stepcrew_runner.crew.own_tools import CalculatorTool
from stepcrew_runner.replay.replaying import Replayed, replay
from tests.runner.given_files import upload
from tests.runner.harness import EMBEDDER, GROUP, MODEL, Harness, agent, crew, task
from tests.runner.test_fallbacks import out
from tests.runner.test_flows import REPORT, Flow
from tests.runner.test_function_tools import Functions, refunds, tool

TOOL = 'Calculate. [[tool calculator {"expression": "6*7"}]] [[say It is 42.]]'
TOOLED: dict[str, Any] = {"agents": {"worker": agent(tools=["CalculatorTool"])}}


def bundled(harness: Harness, execution_id: str, path: Path) -> Bundle:
    with path.open("wb") as file, BundleWriter(file, MODEL, EMBEDDER) as bundle:
        bundle.execution(harness.executions.get(GROUP, execution_id))
        bundle.crew(harness.executions.submission(GROUP, execution_id), harness.ports.connections)
        bundle.lines(OUTPUTS, harness.tasks.task_outputs(GROUP, execution_id))
        bundle.lines(APPROVALS, harness.approvals.approvals(GROUP, execution_id))
        bundle.lines(TRACE, harness.queue.events(execution_id))
        bundle.lines(JOURNAL, harness.journal.entries(GROUP, execution_id))
    return read_bundle(path)


def replayed(
    bundle: Bundle, config: dict[str, Any] | None = None, *, live: bool = False, **environment: str
) -> Replayed:
    return replay(bundle, bundle.default_model, live=live, config=config, environment=environment)


def ran(harness: Harness, tmp_path: Path, config: dict[str, Any], inputs: dict[str, Any] | None = None) -> Bundle:
    """The bundle of one attempt, after which the model has forgotten everything."""
    execution_id = harness.submit(config, inputs)
    harness.attempt(execution_id)
    bundle = bundled(harness, execution_id, tmp_path / "bundle.zip")
    harness.model.reset()
    return bundle


def test_a_crew_that_remembers_is_replayed_by_what_it_was_told_then(harness: Harness, tmp_path: Path) -> None:
    config = crew(task("Note it. [[say ADA LIKES TEA]]"), memory=True)
    harness.run(config)
    bundle = ran(harness, tmp_path, config)
    remembered = harness.memory.kept()
    done = replayed(bundle)
    assert (done.status, done.differences, done.unanswered, done.asked_anew) == ("COMPLETED", [], None, 0)
    assert harness.model.requests == []
    assert harness.memory.kept() == remembered


def test_files_and_what_was_known_of_them_are_replayed_as_they_were_then(harness: Harness, tmp_path: Path) -> None:
    upload(harness)
    config = crew(task("Who likes tea? {facts} [[say Ada likes tea.]]"), knowledge_sources=[{"file": "facts.txt"}])
    bundle = ran(harness, tmp_path, config, {"facts": {"file": "facts.txt"}})
    done = replayed(bundle)
    assert (done.status, done.differences, done.unanswered, done.asked_anew) == ("COMPLETED", [], None, 0)
    assert harness.model.requests == []


def test_a_crew_is_replayed_without_a_request_and_without_a_difference(harness: Harness, tmp_path: Path) -> None:
    config = {
        "agents": {"worker": agent(tools=["CalculatorTool"])},
        "tasks": [task(TOOL, "one"), task("Tell {topic}. [[say DONE]]", "two")],
    }
    done = replayed(ran(harness, tmp_path, config, {"topic": "rain"}))
    assert (done.status, done.differences, done.unanswered, done.asked_anew) == ("COMPLETED", [], None, 0)
    assert [output.raw for output in done.outputs] == ["It is 42.", "DONE"]
    assert harness.model.requests == []
    assert done.answered > 0


def test_a_changed_prompt_tells_the_task_whose_request_has_no_answer(harness: Harness, tmp_path: Path) -> None:
    first, second = task("One. [[say ONE]]", "one"), task("Two. [[say TWO]]", "two")
    bundle = ran(harness, tmp_path, crew(first, second))
    changed = crew(first, {**second, "description": "Two, but shorter. [[say TWO]]"})
    done = replayed(bundle, changed)
    assert done.unanswered
    assert "crew task two to openai/gpt-4.1-mini" in done.unanswered
    assert (done.status, done.error and done.error.task) == ("FAILED", "two")
    assert [(one.what, one.task, one.after) for one in done.differences] == [
        ("output", "two", None),
        ("end", None, f"FAILED: Unanswered: {done.unanswered}"),
    ]
    assert harness.model.requests == []


def test_live_lets_only_the_unanswered_requests_out_and_shows_the_difference(harness: Harness, tmp_path: Path) -> None:
    first, second = task("One. [[say ONE]]", "one"), task("Two. [[say TWO]]", "two")
    bundle = ran(harness, tmp_path, crew(first, second))
    changed = crew(first, {**second, "description": "Two again. [[say ANOTHER]]"})
    done = replayed(bundle, changed, live=True, OPENAI_API_KEY="sk-own-key-of-mine")
    assert (done.status, done.unanswered, done.asked_anew) == ("COMPLETED", None, 1)
    assert done.differences == [("output", "two", "TWO", "ANOTHER")]
    assert len(harness.model.requests) == 1


def test_a_tool_call_without_a_result_is_not_made(harness: Harness, tmp_path: Path) -> None:
    config = {"agents": {"worker": agent(tools=["CalculatorTool"])}, "tasks": [task(TOOL, "one")]}
    bundle = ran(harness, tmp_path, config)
    without = bundle._replace(journal=[entry for entry in bundle.journal if entry.kind != "tool"])
    done = replayed(without)
    assert done.unanswered
    assert "crew task one to calculator" in done.unanswered


def test_a_failed_crew_fails_in_the_same_way(harness: Harness, tmp_path: Path) -> None:
    bundle = ran(harness, tmp_path, crew(task("One. [[say ONE]]", "one"), task("Bad. [[fail 401]]", "two")))
    done = replayed(bundle)
    assert (done.status, done.error and done.error.type, done.differences) == ("FAILED", "ModelAuthentication", [])


def test_what_the_world_outside_ended_ends_where_its_journal_does(harness: Harness, tmp_path: Path) -> None:
    execution_id = harness.submit(
        crew(task("One. [[say ONE]]", "one"), task("Two. [[say TWO]]", "two")), limits=Limits(max_model_calls=1)
    )
    harness.attempt(execution_id)
    done = replayed(bundled(harness, execution_id, tmp_path / "b.zip"))
    assert done.unanswered
    assert done.differences == []


def test_decisions_of_people_are_taken_again_and_nobody_is_asked(harness: Harness, tmp_path: Path) -> None:
    config = crew(task("Draft. [[say DRAFT]]", "one", human_input=True), task("Use. [[say USED]]", "two"))
    execution_id = harness.submit(config)
    harness.attempt(execution_id)
    harness.decide(execution_id, "revise", comment="Better. [[say BETTER]]")
    harness.attempt(execution_id)
    harness.decide(execution_id, "approve", output="BEST")
    harness.attempt(execution_id)
    done = replayed(bundled(harness, execution_id, tmp_path / "b.zip"))
    assert (done.status, done.differences) == ("COMPLETED", [])
    assert [output.raw for output in done.outputs] == ["BEST", "USED"]


@pytest.mark.parametrize("decided", ["nothing", "rejected"])
def test_who_waits_or_was_rejected_ends_at_the_same_question(harness: Harness, tmp_path: Path, decided: str) -> None:
    config = crew(task("One. [[say ONE]]", "one"), task("Draft. [[say DRAFT]]", "two", human_input=True))
    execution_id = harness.submit(config)
    harness.attempt(execution_id)
    if decided == "rejected":
        harness.decide(execution_id, "reject", comment="No.")
        harness.attempt(execution_id)
    done = replayed(bundled(harness, execution_id, tmp_path / "b.zip"))
    assert done.status == ("FAILED" if decided == "rejected" else "WAITING")
    assert done.differences == []


def test_an_execution_of_several_attempts_is_replayed_in_one(harness: Harness, tmp_path: Path) -> None:
    execution_id = harness.submit(crew(task("One. [[say ONE]]", "one"), task(f"Two. {TOOL}", "two")) | TOOLED)
    harness.slice_seconds = 1e-9
    while harness.attempt(execution_id).outcome.value == "CONTINUE":
        pass
    assert harness.executions.get(GROUP, execution_id).attempt > 1
    done = replayed(bundled(harness, execution_id, tmp_path / "b.zip"))
    assert (done.status, done.differences) == ("COMPLETED", [])


def test_a_rerun_is_replayed_with_the_outputs_it_kept(harness: Harness, tmp_path: Path) -> None:
    execution_id = harness.submit(crew(task("One. [[say ONE]]", "one"), task("Two. [[say TWO]]", "two")))
    kept = TaskOutput(index=0, name="one", raw="EDITED", attempt=0, kept_from="before", edited=True)
    harness.tasks.keep_task_output(harness.executions.get(GROUP, execution_id), kept)
    harness.attempt(execution_id)
    [request] = harness.model.requests
    assert "EDITED" in request.text
    done = replayed(bundled(harness, execution_id, tmp_path / "b.zip"))
    assert (done.status, done.differences) == ("COMPLETED", [])
    assert [output.raw for output in done.outputs] == ["EDITED", "TWO"]


def test_a_crew_that_asks_for_the_date_gets_that_of_its_execution(harness: Harness, tmp_path: Path) -> None:
    config = {"agents": {"worker": agent(inject_date=True)}, "tasks": [task("One. [[say ONE]]", "one")]}
    execution_id = harness.submit(config)
    then = datetime(2031, 2, 3, 23, 59, tzinfo=UTC)
    harness.executions.change(execution_id, started_at=then)
    harness.attempt(execution_id)
    assert "2031-02-03" in harness.model.requests[0].text
    assert replayed(bundled(harness, execution_id, tmp_path / "b.zip")).differences == []


def test_a_secret_in_a_tools_result_is_a_placeholder_in_the_bundle_and_the_replay_needs_it_not(
    harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = 'canary "quoted" value-0123456789'

    def tells(_tool: CalculatorTool, expression: str) -> str:
        return f"The key is {secret}, {expression}."

    monkeypatch.setattr(CalculatorTool, "_run", tells)
    harness.secrets.groups[GROUP, "SERPER_API_KEY"] = secret
    config = {"agents": {"worker": agent(tools=["CalculatorTool", "SerperDevTool"])}, "tasks": [task(TOOL, "one")]}
    execution_id = harness.submit(config)
    harness.attempt(execution_id)
    assert "value-0123456789" in harness.model.requests[1].text
    path = tmp_path / "b.zip"
    bundle = bundled(harness, execution_id, path)
    with zipfile.ZipFile(path) as archive:
        text = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "value-0123456789" not in text
    assert "<stepcrew:secret:SERPER_API_KEY:" in text
    harness.secrets.groups.clear()
    done = replayed(bundle)
    assert (done.status, done.differences, done.unanswered) == ("COMPLETED", [], None)


@pytest.mark.parametrize(
    "content", [b"", b"PK\x03\x04", None, {"manifest.json": "{}"}, {"manifest.json": '{"format": "other"}'}]
)
def test_what_is_no_bundle_is_told(tmp_path: Path, content: bytes | dict[str, str] | None) -> None:
    path = tmp_path / "b.zip"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content is not None:
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in content.items():
                archive.writestr(name, text)
    with pytest.raises(NoBundle) as caught:
        read_bundle(path)
    assert str(path) in caught.value.message


def test_a_changed_crew_that_is_not_accepted_is_told(harness: Harness, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest):
        replayed(ran(harness, tmp_path, crew(task("One. [[say ONE]]", "one"))), {"agents": {}, "tasks": []})


def test_a_project_is_not_replayed_as_if_its_outline_were_its_code(harness: Harness, tmp_path: Path) -> None:
    bundle = ran(harness, tmp_path, crew(task("One. [[say ONE]]", "one")))
    of_project = bundle._replace(execution=bundle.execution.model_copy(update={"runner": "stack-project-x:1"}))
    with pytest.raises(NoBundle, match="the Python of a project"):
        replayed(of_project)
    assert replayed(of_project, bundle.config).differences == []


def test_a_function_of_the_group_is_answered_from_the_journal_and_not_called(harness: Harness, tmp_path: Path) -> None:
    functions = Functions()
    harness.ports = harness.ports._replace(functions=functions)
    execution_id = harness.submit(refunds(), tools=[tool()])
    harness.attempt(execution_id)
    bundle = bundled(harness, execution_id, tmp_path / "bundle.zip")
    assert [one.name for one in bundle.tools] == ["refund_order"]
    again = replayed(bundle)
    assert (again.status, again.differences, again.asked_anew) == (Status.COMPLETED, [], 0)
    assert len(functions.asked) == 1


def test_a_fallback_of_an_operators_connection_answers_in_the_replay_too(harness: Harness, tmp_path: Path) -> None:
    config = crew(task("Work. [[say Done.]]"))
    config["agents"]["worker"] = agent(llm="lent/big")
    with out(harness, 401, "lent") as server:
        spare = ConnectionSpec(base_url=server.url, secret="LENT_KEY", fallbacks=[MODEL])
        harness.ports = harness.ports._replace(connections={"lent": spare, "other": spare})
        bundle = ran(harness, tmp_path, config)
    assert [(one.name, one.fallbacks) for one in bundle.operators] == [("lent", [MODEL])]
    assert server.url not in bundle.operators[0].model_dump_json()
    assert "LENT_KEY" not in bundle.operators[0].model_dump_json()
    done = replayed(bundle)
    assert (done.status, done.differences, done.unanswered, done.asked_anew) == ("COMPLETED", [], None, 0)
    assert harness.model.requests == []


def test_a_declarative_flow_is_replayed(harness: Harness, tmp_path: Path) -> None:
    flow = Flow(harness, {"place": "Bergen"}, methods=REPORT)
    flow.attempt()
    bundle = bundled(harness, flow.id, tmp_path / "bundle.zip")
    harness.model.reset()
    done = replayed(bundle)
    assert (done.status, done.differences, done.unanswered, done.asked_anew) == ("COMPLETED", [], None, 0)
    assert harness.model.requests == []
