"""Projects: deployed by the command line, run in functions of their own, on the whole stack."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from scripted_model import ScriptedModel
from stepcrew_local.layout import ROOT, python_of
from tests.e2e.user import User, crew, task

PROJECTS = ROOT / "tests/projects"


def stepcrew(ada: User, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(python_of("local")), "-m", "stepcrew_cli", *arguments, "--url", ada.url]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=ROOT)


def deploy(ada: User, folder: Path, name: str) -> str:
    """`name@version`."""
    done = stepcrew(ada, "deploy", str(folder), "--name", name)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_crew_with_its_own_tools_is_deployed_and_run(ada: User, bob: User, model: ScriptedModel) -> None:
    first = deploy(ada, PROJECTS / "research_crew", "research")
    assert deploy(ada, PROJECTS / "research_crew", "research") == first
    stored = ada.get("/crews/research").json()
    assert (stored["kind"], stored["project"]["entry"]) == ("crew", "research_crew.crew:ResearchCrew")
    assert stored["placeholders"] == ["reader", "topic"]
    assert stored["inputs"] == {"topic": "AI agents"}
    assert [one["name"] for one in stored["config"]["tasks"]] == ["research_task", "report_task"]

    answer = ada.post("/executions", json={"crew": "research", "inputs": {"topic": "bees"}})
    record = ada.ended(answer.json()["execution_id"])
    assert (record["status"], record["error"]) == ("COMPLETED", None)
    assert ada.result(record["execution_id"])["json_dict"] == {"title": "Words", "count": 3}
    assert "3 words, call 1" in model.requests[1].text
    events = ada.get(f"/executions/{record['execution_id']}/traces").json()
    assert events["complete"]
    assert "tool_usage_completed" in [one["event_type"] for one in events["events"]]

    assert bob.get("/crews/research").status_code == 404


def test_a_flow_is_deployed_and_run(ada: User, model: ScriptedModel) -> None:
    deploy(ada, PROJECTS / "city_flow", "city")
    answer = ada.post("/executions", json={"crew": "city", "inputs": {"city": "Bergen"}})
    record = ada.ended(answer.json()["execution_id"])
    assert (record["status"], record["error"]) == ("COMPLETED", None)
    result = ada.result(record["execution_id"])
    assert result["json_dict"] == {"city": "Bergen", "text": "A small town."}
    assert record["usage"]["model_calls"] == len(model.requests) == 2


def test_a_hostile_project_reaches_nothing_of_others(ada: User, bob: User) -> None:
    victim = bob.post("/executions", json={"config": crew(task("[[say mine]]"))}).json()["execution_id"]
    bob.ended(victim)
    deploy(ada, PROJECTS / "hostile_flow", "hostile")
    told = {"group": "demo", "other": "other", "victim": victim, "execution": victim}
    answer = ada.post("/executions", json={"crew": "hostile", "inputs": told})
    record = ada.ended(answer.json()["execution_id"])
    assert record["status"] == "COMPLETED", record["error"]
    output = json.loads(ada.result(record["execution_id"])["output"])
    assert output == {"got": [], "errors": ""}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("def broken(:\n", "main.py:1 is not Python"),
        ("import no_such_package\nfrom crewai import Crew\ncrew = Crew()\n", "main.py:1: ModuleNotFoundError"),
        ("x = 1\n", "No crew and no flow was found"),
        ("from crewai.flow.flow import Flow\nclass A(Flow):\n    pass\nclass B(Flow):\n    pass\n", "main:A, main:B"),
    ],
)
def test_what_cannot_run_is_told_before_anything_is_stored(ada: User, tmp_path: Path, content: str, told: str) -> None:
    (tmp_path / "main.py").write_text(content)
    done = stepcrew(ada, "deploy", str(tmp_path), "--name", "faulty")
    assert done.returncode == 2
    assert told in done.stderr
    assert ada.get("/crews/faulty").status_code == 404


def test_another_version_of_crewai_is_told(ada: User, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("from crewai.flow.flow import Flow\nclass A(Flow):\n    pass\n")
    (tmp_path / "requirements.txt").write_text("crewai[tools]==0.152.0\n")
    done = stepcrew(ada, "deploy", str(tmp_path))
    assert done.returncode == 2
    assert "crewai[tools]==0.152.0" in done.stderr
    assert "--platform-crewai" in done.stderr


def test_a_function_of_another_group_is_refused(ada: User, bob: User) -> None:
    deploy(ada, PROJECTS / "city_flow", "city")
    project = ada.get("/crews/city").json()["project"]
    upload = bob.post("/projects/theirs/bundle", json={"sha256": project["bundle"]}).json()
    assert upload["stored"] is False
    answer = bob.put("/projects/theirs", json={"project": project})
    assert answer.status_code == 422
    assert {fault["pointer"] for fault in answer.json()["errors"]} == {"/project/bundle", "/project/function"}
