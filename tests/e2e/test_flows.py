"""Flows on the whole stack: one as a document, and one of a project that keeps its state and needs a secret."""

from __future__ import annotations

from pathlib import Path

import yaml

from scripted_model import ScriptedModel
from stepcrew_local.layout import ROOT
from tests.e2e.test_projects import PROJECTS, deploy, stepcrew
from tests.e2e.user import User

EXAMPLE = ROOT / "examples/report-flow/flow.yaml"
NEEDY = """
import os
from crewai.flow.flow import Flow, start

class Needy(Flow):
    @start()
    def tell(self):
        return os.environ["NEEDED_KEY"][-4:]
"""


def test_a_declarative_flow_is_run_from_its_file_and_waits_for_a_person(
    ada: User, model: ScriptedModel, tmp_path: Path
) -> None:
    document = yaml.safe_load(EXAMPLE.read_text())
    methods = document["methods"]
    methods["research"]["do"]["with"]["tasks"][0]["description"] += " [[say Tides rise twice on most days.]]"
    methods["write"]["do"]["with"]["input"] += " [[say A note about tides.]]"
    file = tmp_path / "flow.yaml"
    file.write_text(yaml.safe_dump(document))
    done = stepcrew(ada, "run", str(file), "-i", "topic=tides at Bergen")
    assert done.returncode == 0, done.stderr
    execution_id = done.stdout.strip()
    ada.until(execution_id, lambda record: record["status"] == "WAITING")
    asked = ada.get(f"/executions/{execution_id}/approvals").json()["approvals"][-1]
    assert (asked["kind"], asked["question"]) == ("feedback", "May this note go out?")
    approved = stepcrew(ada, "approve", execution_id)
    assert approved.returncode == 0, approved.stderr
    record = ada.ended(execution_id)
    assert (record["status"], record["error"]) == ("COMPLETED", None)
    assert record["usage"]["model_calls"] == len(model.requests) == 2
    assert "tides at Bergen" in model.requests[0].text
    assert [one["name"] for one in ada.result(execution_id)["tasks"]] == ["research.facts", "report-flow"]
    events = ada.get(f"/executions/{execution_id}/traces?limit=500").json()
    assert events["complete"]
    routes = [one["extra_data"]["route"] for one in events["events"] if "route" in one["extra_data"]]
    assert set(routes) == {"enough"}


def test_a_declarative_flow_goes_on_with_the_state_of_an_earlier_execution(ada: User, model: ScriptedModel) -> None:
    document = {
        "schema": "crewai.flow/v1",
        "name": "guests",
        "persist": {"enabled": True},
        "methods": {"tell": {"start": True, "do": {"call": "expression", "expr": "state.guest + ' ' + state.wish"}}},
    }
    assert ada.put("/crews/guests", json={"config": document}).status_code == 201

    def output(**inputs: str) -> str:
        answer = ada.post("/executions", json={"crew": "guests", "inputs": {"id": "7", **inputs}})
        return ada.result(ada.ended(answer.json()["execution_id"])["execution_id"])["output"]

    assert output(guest="Ada", wish="tea") == "Ada tea"
    assert output(wish="rum") == "Ada rum"


def test_a_flow_of_a_project_goes_on_with_the_state_of_an_earlier_execution(ada: User, model: ScriptedModel) -> None:
    deploy(ada, PROJECTS / "visits_flow", "visits")

    def output(flow_id: str) -> str:
        answer = ada.post("/executions", json={"crew": "visits", "inputs": {"id": flow_id}})
        record = ada.ended(answer.json()["execution_id"])
        assert (record["status"], record["error"]) == ("COMPLETED", None)
        return ada.result(record["execution_id"])["output"]

    assert [output("guest-7"), output("guest-7"), output("guest-8")] == ["hello 1", "hello 2", "hello 1"]


def test_a_secret_that_a_project_needs_is_told_by_deployment_dry_run_and_submission(ada: User, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text(NEEDY)
    done = stepcrew(ada, "deploy", str(tmp_path), "--name", "needy")
    assert "main.py:8 needs the secret NEEDED_KEY: stepcrew secrets set NEEDED_KEY" in " ".join(done.stderr.split())
    for address in ("/executions?dry_run=true", "/executions"):
        [fault] = ada.post(address, json={"crew": "needy"}).json()["errors"]
        assert (fault["code"], fault["remedy"].split(",")[0]) == ("missing_secret", "stepcrew secrets set NEEDED_KEY")
    assert ada.put("/secrets/NEEDED_KEY", json={"value": "a-key-1234"}).status_code == 201
    assert ada.post("/executions?dry_run=true", json={"crew": "needy"}).status_code == 200
    record = ada.ended(ada.post("/executions", json={"crew": "needy"}).json()["execution_id"])
    assert (record["status"], record["error"]) == ("COMPLETED", None)
