"""Crews and flows that bring their own Python, run by the real runner on in-memory ports."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew.domain.execution import Limits
from stepcrew.domain.project import ProjectOutline, ProjectVersion
from stepcrew.domain.submission import Submission
from stepcrew_runner.attempt.run_attempt import RunAttempt
from stepcrew_runner.isolation import addresses
from stepcrew_runner.project.building import ProjectCode
from stepcrew_runner.project.bundle import BundleDamaged, unpack
from tests.runner.fakes import new_execution
from tests.runner.given_files import upload
from tests.runner.harness import GROUP, MODEL, Ended, Harness
from tests.runner.project_harness import PROJECTS, ProjectHarness, bundle_of
from tests.runner.test_journal import Death, killed_and_run_on


class Deployed:
    """One project with a function of its own."""

    def __init__(
        self, harness: Harness, tmp_path: Path, name: str, entry: str, kind: str, environment: list[str]
    ) -> None:
        content = bundle_of(PROJECTS / name)
        self._harness = harness
        self.code = ProjectCode(unpack(content, sha256(content).hexdigest(), tmp_path / name))
        self.version = ProjectVersion.model_validate(
            {
                "bundle": self.code.bundle.digest,
                "entry": entry,
                "kind": kind,
                "function": "f",
                "environment": environment,
            }
        )

    def submit(self, inputs: dict[str, Any] | None = None) -> str:
        execution_id = f"{self.version.kind}-{id(self)}-{len(self._harness.executions.kept()[0])}"
        execution = new_execution(execution_id, 0, self._harness.clock.now(), Limits(), GROUP)
        outline = ProjectOutline(name="project")
        submission = Submission(project=self.version, definition=outline, inputs=inputs or {})
        self._harness.executions.add(execution, submission)
        return execution_id

    def attempt(self, execution_id: str, code: ProjectCode | None = None) -> Ended:
        runner = RunAttempt(self._harness.ports, MODEL, self._harness.slice_seconds, code or self.code)
        with addresses.trusted():  # as the handler does
            answer = runner(GROUP, execution_id, lambda: self._harness.remaining())
        return self._harness.ended(execution_id, answer)


Deploys = Callable[..., Deployed]


@pytest.fixture
def deploy(harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deploys:
    monkeypatch.setattr(addresses, "_serves_project", True)

    def deployed(name: str, entry: str, kind: str = "crew", environment: list[str] | None = None) -> Deployed:
        return Deployed(harness, tmp_path, name, entry, kind, environment or [])

    return deployed


def test_a_crew_runs_with_its_own_tools_and_classes(deploy: Deploys, harness: Harness, model: ScriptedModel) -> None:
    harness.secrets.groups[GROUP, "REPORT_READER"] = "the board of directors"
    project = deploy("research_crew", "research_crew.crew:ResearchCrew", environment=["REPORT_READER"])
    ended = project.attempt(project.submit({"topic": "bees"}))
    assert ended.execution.error is None
    assert [(output.name, output.raw) for output in ended.outputs] == [
        ("research_task", "There are 3 words."),
        ("report_task", '{"title":"Words","count":3}'),
    ]
    assert ended.outputs[1].json_dict == {"title": "Words", "count": 3}
    assert "bees researcher" in model.requests[0].text
    assert "3 words, call 1" in model.requests[1].text
    assert "the board of directors" in model.requests[-1].text
    assert "REPORT_READER" not in os.environ
    assert ended.types[0] == "crew_started"
    assert ended.types.count("task_completed") == 2


def test_a_crew_of_a_project_remembers_in_its_groups_memory(
    deploy: Deploys, harness: Harness, model: ScriptedModel
) -> None:
    project = deploy("remembering_crew", "crew:shop")
    first = project.attempt(project.submit({"who": "ADA"}))
    assert first.execution.error is None
    (record,) = harness.memory.records(GROUP, "/crews/project")
    assert "ADA PREFERS TEA" in record.content
    assert record.execution_id == first.execution.execution_id
    model.reset()
    assert project.attempt(project.submit({"who": "BOB"})).execution.error is None
    assert any("Relevant memories" in one.text and "ADA PREFERS TEA" in one.text for one in model.requests)


def test_a_flow_runs_with_its_router_its_state_and_plain_calls(deploy: Deploys, model: ScriptedModel) -> None:
    project = deploy("city_flow", "city_flow.main:CityFlow", "flow")
    ended = project.attempt(project.submit({"city": "Bergen"}))
    assert ended.execution.error is None
    assert [output.name for output in ended.outputs] == ["small", "CityFlow"]
    assert ended.outputs[-1].json_dict == {"city": "Bergen", "text": "A small town."}
    assert len(model.requests) == 2
    assert "Bergen" in model.requests[0].text


def test_a_killed_flow_pays_for_nothing_twice(deploy: Deploys, harness: Harness, model: ScriptedModel) -> None:
    project = deploy("city_flow", "city_flow.main:CityFlow", "flow")
    execution_id = project.submit()
    kept = harness.kept()
    first = project.attempt(execution_id)
    calls, answers = len(model.requests), harness.journal.kept()
    harness.restore(kept)
    harness.journal.restore(answers)
    harness.executions.begin_attempt(GROUP, execution_id, harness.clock.now())  # the one that died
    again = project.attempt(execution_id)
    assert len(model.requests) == calls == 2
    assert [output.raw for output in again.outputs] == [output.raw for output in first.outputs]
    assert again.execution.usage == first.execution.usage


@pytest.mark.parametrize(
    ("name", "entry", "kind", "outputs"),
    [
        ("one_file", "joke:__main__", "script", ["A cat walks into a bar."]),
        ("two_crews", "two_crews.main:run", "script", ["Whales sing.", "Once a whale sang.", "run"]),
        ("async_main", "app:__main__", "script", ["It is a cloud.", "It is a leaf.", "It is a stone."]),
        ("poem_flow", "poem_flow.main:PoemFlow", "flow", ["Roses", "Roses are red.", "PoemFlow"]),
        ("hooks_crew", "crew:ShopCrew", "crew", ["Tea for 6 euros.", "Paid", "Paid (3 tasks, 2 tea)"]),
    ],
)
def test_a_project_killed_at_its_end_runs_again_for_nothing(
    deploy: Deploys, harness: Harness, model: ScriptedModel, name: str, entry: str, kind: str, outputs: list[str]
) -> None:
    project = deploy(name, entry, kind)
    execution_id = project.submit({"article": "tea"} if name == "hooks_crew" else {})
    kept = harness.kept()
    first = project.attempt(execution_id)
    assert first.execution.error is None
    told = {one.name if one.json_dict else one.raw for one in first.outputs}
    assert told == set(outputs)
    calls, answers = len(model.requests), harness.journal.kept()
    harness.restore(kept)
    harness.journal.restore(answers)
    harness.executions.begin_attempt(GROUP, execution_id, harness.clock.now())  # the one that died
    again = project.attempt(execution_id)
    assert again.execution.error is None
    assert len(model.requests) == calls
    assert {one.raw for one in again.outputs} == {one.raw for one in first.outputs}


def test_a_flow_is_told_in_the_trace_with_its_methods_and_routes(deploy: Deploys, model: ScriptedModel) -> None:
    project = deploy("city_flow", "city_flow.main:CityFlow", "flow")
    events = project.attempt(project.submit()).events
    places = {one.sequence: one for one in events}
    methods = [one.event_context for one in events if one.event_type == "flow_method_completed"]
    assert methods == ["ask_size", "route", "small_city", "finish"]
    assert [one.extra_data["route"] for one in events if "route" in one.extra_data] == ["small"]
    task = next(one for one in events if one.event_type == "task_started")
    assert (task.task_name, task.agent_role) == ("small", "small guide")
    crew = places[task.parent_sequence or 0]
    method = places[crew.parent_sequence or 0]
    flow = places[method.parent_sequence or 0]
    assert [one.event_context for one in (crew, method, flow)] == ["small", "small_city", "CityFlow"]
    assert events[-1].event_type == "flow_completed"


def test_a_flow_asks_people_and_takes_what_they_say(deploy: Deploys, harness: Harness, model: ScriptedModel) -> None:
    project = deploy("review_flow", "main:ReviewFlow", "flow")
    execution_id = project.submit()
    asked = project.attempt(execution_id)
    assert asked.execution.status == "WAITING"
    assert {"flow_interrupted", "flow_method_interrupted"} <= set(asked.types)
    harness.decide(execution_id, "approve", output="children")
    shown = project.attempt(execution_id)
    approval = harness.approvals.approvals(GROUP, execution_id)[-1]
    assert (approval.kind, approval.question, approval.output) == ("feedback", "Is this good?", "Dear readers")
    assert "Write for children" in model.requests[0].text
    assert shown.execution.status == "WAITING"
    harness.decide(execution_id, "revise", comment='Too long. [[json {"outcome": "shorten"}]]')
    ended = project.attempt(execution_id)
    assert ended.execution.error is None
    assert len(model.requests) == 2
    assert (ended.outputs[-1].json_dict or {})["text"] == "Dear"


def test_feedback_without_words_is_the_first_outcome(deploy: Deploys, harness: Harness, model: ScriptedModel) -> None:
    project = deploy("review_flow", "main:ReviewFlow", "flow")
    execution_id = project.submit()
    project.attempt(execution_id)
    harness.decide(execution_id, "approve")
    project.attempt(execution_id)
    harness.decide(execution_id, "approve")
    ended = project.attempt(execution_id)
    assert (ended.execution.error, ended.outputs[-1].raw) == (None, "Dear readers!")
    assert "Write for everybody" in model.requests[0].text


def test_an_input_that_is_refused_ends_the_script(deploy: Deploys, harness: Harness, model: ScriptedModel) -> None:
    project = deploy("trip_script", "main:__main__", "script")
    execution_id = project.submit()
    project.attempt(execution_id)
    harness.decide(execution_id, "reject")
    error = project.attempt(execution_id).execution.error
    assert error
    assert "rejected to give the input" in error.message


def test_what_a_script_is_given_takes_the_place_of_its_own_inputs(deploy: Deploys, model: ScriptedModel) -> None:
    project = deploy("one_file", "joke:__main__", "script")
    project.attempt(project.submit({"topic": "dogs"}))
    assert "about dogs" in model.requests[0].text


def test_each_execution_finds_the_modules_as_they_were_written(deploy: Deploys, model: ScriptedModel) -> None:
    project = deploy("research_crew", "research_crew.crew:ResearchCrew")
    for _ in range(2):
        project.attempt(project.submit({"topic": "bees"}))
    assert not any("call 2" in request.text for request in model.requests)


@pytest.mark.parametrize(
    ("code", "where"),
    [
        ("import tools\n", "The crew failed at tools.py:2: no config.toml here"),
        ("def broken(:\n", "The crew failed: invalid syntax (main.py, line 1)"),
    ],
)
def test_an_error_of_the_code_is_told_with_its_place(
    deploy: Deploys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, where: str
) -> None:
    monkeypatch.setattr(f"{__name__}.PROJECTS", tmp_path / "projects")
    folder = tmp_path / "projects/odd"
    folder.mkdir(parents=True)
    (folder / "main.py").write_text(code)
    (folder / "tools.py").write_text("import json\nraise RuntimeError('no config.toml here')\n")
    project = deploy("odd", "main:A", "flow")
    error = project.attempt(project.submit()).execution.error
    assert error is not None
    assert (error.category.value, error.message) == ("crew", where)


def test_the_shared_runner_runs_no_project_and_a_project_no_other(deploy: Deploys, harness: Harness) -> None:
    project, other = deploy("research_crew", "a:b"), deploy("city_flow", "a:b", "flow")
    for runner in (RunAttempt(harness.ports, MODEL), RunAttempt(harness.ports, MODEL, project=other.code)):
        execution_id = project.submit()
        error = harness.ended(execution_id, runner(GROUP, execution_id, lambda: 900.0)).execution.error
        assert error
        assert error.type == "WrongRunner"


def test_other_bytes_than_those_of_the_hash_are_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleDamaged):
        unpack(b"something", "0" * 64, tmp_path)


def test_a_flow_goes_on_with_the_state_that_an_execution_before_it_kept(
    deploy: Deploys, harness: Harness, model: ScriptedModel
) -> None:
    project = deploy("visits_flow", "main:VisitsFlow", "flow")
    first = project.attempt(project.submit({"id": "guest-7"}))
    assert first.execution.error is None
    assert first.outputs[-1].raw == "hello 1"
    assert project.attempt(project.submit({"id": "guest-7"})).outputs[-1].raw == "hello 2"
    assert project.attempt(project.submit({"id": "guest-8"})).outputs[-1].raw == "hello 1"
    assert project.attempt(project.submit()).outputs[-1].raw == "hello 1"


def test_each_attempt_of_a_flow_begins_with_the_state_that_the_first_one_read(
    deploy: Deploys, harness: Harness, model: ScriptedModel
) -> None:
    project = deploy("visits_flow", "main:VisitsFlow", "flow")
    project.attempt(project.submit({"id": "guest-7"}))
    execution_id = project.submit({"id": "guest-7"})
    kept = harness.kept()
    first = project.attempt(execution_id)
    calls, answers, writes = len(model.requests), harness.journal.kept(), harness.states.writes
    harness.restore(kept)
    harness.journal.restore(answers)
    harness.executions.begin_attempt(GROUP, execution_id, harness.clock.now())  # the one that died
    again = project.attempt(execution_id)
    assert [one.outputs[-1].raw for one in (first, again)] == ["hello 2", "hello 2"]
    assert (len(model.requests), harness.states.writes) == (calls, writes)


def test_what_a_flow_remembers_is_recalled_by_a_later_execution_of_its_crew(
    deploy: Deploys, harness: Harness, model: ScriptedModel
) -> None:
    project = deploy("notes_flow", "main:NotesFlow", "flow")
    first = project.attempt(project.submit({"text": "Ada prefers tea."}))
    assert first.execution.error is None
    [record] = harness.memory.records(GROUP, "/crews/project")
    assert record.content == "Ada prefers tea."
    assert project.attempt(project.submit()).outputs[-1].raw == '["Ada prefers tea."]'


def test_a_value_that_the_code_itself_cannot_take_is_not_told_as_a_models_answer(
    deploy: Deploys, model: ScriptedModel
) -> None:
    project = deploy("visits_flow", "main:VisitsFlow", "flow")
    error = project.attempt(project.submit({"id": "guest-7", "count": "many"})).execution.error
    assert error
    assert (error.category.value, error.type) == ("crew", "InvalidValue")
    assert "count" in error.message
    assert model.requests == []


ORDER = {"entry": "main:OrderFlow", "kind": "flow"}


@pytest.mark.parametrize("is_kept", [False, True], ids=["inside", "right after"])
def test_an_effect_of_a_projects_tool_is_not_repeated_by_itself(
    model: ScriptedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_kept: bool
) -> None:
    monkeypatch.setattr(addresses, "_serves_project", True)
    harness = ProjectHarness(model, tmp_path, "order_flow")
    # Two model calls with the result of a tool between them, a model call, the beginning of the order, its result.
    ended, _ = killed_and_run_on(harness, ORDER, [Death(6, is_kept)])
    if is_kept:
        assert (ended.outcome, ended.outputs[-1].raw) == ("COMPLETED", "ordered for three euros")
        return
    assert ended.outcome == "PARKED"
    execution_id = ended.execution.execution_id
    asked = harness.approvals.approvals(GROUP, execution_id)[-1]
    assert asked.kind.value == "effect"
    harness.decide(execution_id, "reject")
    last = harness.ended(execution_id, harness.attempt(execution_id))
    assert last.outcome == "COMPLETED"
    assert "nobody knows" in model.requests[-1].text.lower()


@pytest.mark.parametrize(
    ("name", "entry", "kind"),
    [
        ("research_crew", "research_crew.crew:ResearchCrew", "crew"),
        ("city_flow", "city_flow.main:CityFlow", "flow"),
        ("one_file", "joke:__main__", "script"),
    ],
)
def test_a_picture_among_the_inputs_is_shown_to_the_crews_of_a_project(
    deploy: Deploys, harness: Harness, model: ScriptedModel, name: str, entry: str, kind: str
) -> None:
    picture = b"\x89PNG\r\n\x1a\n..."
    upload(harness, picture, "chart.png")
    project = deploy(name, entry, kind)
    ended = project.attempt(project.submit({"topic": "bees", "photo": {"file": "chart.png"}}))
    assert ended.execution.error is None
    assert [sha256(picture).hexdigest()] in [one.files for one in model.requests]
