"""Projects: deployed by the command line, run in functions of their own, on the whole stack."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from scripted_model import ScriptedModel
from stepcrew_local.layout import ROOT, python_of
from stepcrew_local.stack import Stack
from tests.e2e.user import User, crew, task

PROJECTS = ROOT / "tests/projects"
FLOW = """
from crewai.flow.flow import Flow, start

class Moving(Flow):
    @start()
    def tell(self):
        return {text!r}
"""


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


def run(ada: User, path: Path, *inputs: str) -> str:
    """What a newcomer types; the id of the execution."""
    done = stepcrew(ada, "run", str(path), *(part for one in inputs for part in ("-i", one)))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("path", "inputs", "outputs", "files"),
    [
        ("one_file/joke.py", ("topic=dogs",), ["A cat walks into a bar."], []),
        (
            "poem_flow",
            (),
            ["Roses", "Roses are red.", {"sentence_count": 1, "poem": "Roses are red.", "title": "Roses"}],
            [],
        ),
        (
            "two_crews",
            (),
            ["Whales sing.", "Once a whale sang.", {"fact": "Whales sing.", "story": "Once a whale sang."}],
            [],
        ),
        ("hooks_crew", ("article=tea",), ["Tea for 6 euros.", "Paid", "Paid (3 tasks, 2 tea)"], ["output/receipt.md"]),
        ("async_main", (), ["It is a cloud.", "It is a leaf.", "It is a stone."], []),
        ("slug_crew", (), ["Done."], []),
    ],
)
def test_a_project_as_people_lay_it_out_is_run_by_its_path(
    ada: User, model: ScriptedModel, path: str, inputs: tuple[str, ...], outputs: list[Any], files: list[str]
) -> None:
    record = ada.ended(run(ada, PROJECTS / path, *inputs))
    assert (record["status"], record["error"]) == ("COMPLETED", None)
    tasks = ada.result(record["execution_id"])["tasks"]
    assert sorted((one["json_dict"] or one["raw"] for one in tasks), key=str) == sorted(outputs, key=str)
    assert all(topic.partition("=")[2] in model.requests[0].text for topic in inputs)
    artifacts = f"/executions/{record['execution_id']}/artifacts"
    assert [one["name"] for one in ada.get(artifacts).json()["artifacts"]] == files
    assert [ada.get(f"{artifacts}/{name}").text for name in files] == ["Paid"] * len(files)


def test_a_project_has_aliases_is_rolled_back_and_is_removed_with_its_function(
    ada: User, model: ScriptedModel, running: tuple[str, ScriptedModel, Stack], tmp_path: Path
) -> None:
    def deployed(text: str, *more: str) -> str:
        (tmp_path / "main.py").write_text(FLOW.format(text=text))
        done = stepcrew(ada, "deploy", str(tmp_path), "--name", "moving", *more)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def output(crew: str) -> tuple[int, str]:
        answer = ada.post("/executions", json={"crew": crew})
        assert answer.status_code == 202, answer.text
        record = ada.ended(answer.json()["execution_id"])
        return record["crew"]["version"], ada.result(record["execution_id"])["output"]

    assert deployed("one", "--alias", "prod") == "moving@1"
    assert deployed("two") == "moving@2"
    assert output("moving@prod") == (1, "one")
    assert stepcrew(ada, "alias", "moving@prod", "2").returncode == 0
    assert output("moving@prod") == (2, "two")
    rolled_back = stepcrew(ada, "deploy", "moving", "--version", "1", "--alias", "prod")
    assert (rolled_back.returncode, rolled_back.stdout.strip()) == (0, "moving@3"), rolled_back.stderr
    assert (output("moving@prod"), output("moving")) == ((3, "one"), (3, "one"))

    project = ada.get("/crews/moving").json()["project"]
    functions = running[2].client("lambda")
    name = functions.get_function(FunctionName=project["function"])["Configuration"]["FunctionName"]
    undeployed = stepcrew(ada, "undeploy", "moving", "--json")
    assert json.loads(undeployed.stdout) == {"name": "moving", "function_removed": True}, undeployed.stderr
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function(FunctionName=name)
    assert ada.post("/executions", json={"crew": "moving@prod"}).status_code == 404
    again = stepcrew(ada, "undeploy", "moving", "--json")
    assert json.loads(again.stdout) == {"name": "moving", "function_removed": False}, again.stderr
    assert deployed("three") == "moving@4"
    assert output("moving") == (4, "three")


def test_a_script_asks_people_for_its_inputs(ada: User, model: ScriptedModel) -> None:
    execution_id = run(ada, PROJECTS / "trip_script")
    for number, (question, text) in enumerate([("From where", "Oslo"), ("Where do you want", "Rome")], 1):
        waiting = ada.until(execution_id, lambda record: record["status"] == "WAITING")["waiting"]
        assert (waiting["number"], waiting["kind"]) == (number, "input")
        assert question in ada.get(f"/executions/{execution_id}/approvals").json()["approvals"][-1]["question"]
        done = stepcrew(ada, "approve", execution_id, "--approval", str(number), "--text", text)
        assert done.returncode == 0, done.stderr
    record = ada.ended(execution_id)
    assert (record["status"], record["error"]) == ("COMPLETED", None)
    assert "from Oslo to Rome" in model.requests[0].text
    assert "8 km" in model.requests[1].text
    assert ada.result(execution_id)["output"] == "Day one: walk."


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
