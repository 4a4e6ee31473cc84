"""A bundle of the whole product is replayed from the command line, with no stack, no model and no key."""

from __future__ import annotations

import base64
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

from scripted_model import ScriptedModel
from stepcrew_local.layout import ROOT
from stepcrew_local.stack import Stack
from tests.e2e.user import User, agent, crew, task


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    paths = os.pathsep.join(str(ROOT / part) for part in ("cli", "local"))
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": paths, "OPENAI_BASE_URL": "http://127.0.0.1:9/v1"}
    return subprocess.run(
        [sys.executable, "-m", "stepcrew_cli", *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_a_bundle_is_replayed_without_a_request(ada: User, model: ScriptedModel, tmp_path: Path) -> None:
    described = 'Calculate {x}. [[tool calculator {"expression": "6*7"}]] [[say It is 42.]]'
    config: dict[str, Any] = {
        "agents": {"worker": agent(tools=["CalculatorTool"])},
        "tasks": [task(described, "one"), task("Tell. [[say TOLD]]", "two")],
    }
    execution_id = ada.run(config, inputs={"x": "it"})["execution_id"]
    bundle = tmp_path / "b.zip"
    bundle.write_bytes(ada.get(f"/executions/{execution_id}/bundle").content)
    model.reset()
    same = command("test", str(bundle), "--json")
    assert same.returncode == 0, same.stderr + same.stdout
    told = json.loads(same.stdout)
    assert (told["status"], told["differences"], told["asked_anew"]) == ("COMPLETED", [], 0)
    assert [output["raw"] for output in told["outputs"]] == ["It is 42.", "TOLD"]
    assert model.requests == []


def test_a_trace_is_proven_and_what_was_altered_in_the_table_is_named(
    ada: User, running: tuple[str, ScriptedModel, object], model: ScriptedModel
) -> None:
    url, _, stack = running
    assert isinstance(stack, Stack)
    execution_id = ada.run(crew(task("One. [[say 漢字 0.1]]", "one"), task("Two. [[say TWO]]", "two")))["execution_id"]
    proof = ada.execution(execution_id)["proof"]
    assert proof["1"]["entries"] == len(model.requests) == 2
    whole = command("verify", execution_id, "--url", url, "--json")
    assert whole.returncode == 0, whole.stdout + whole.stderr
    seal = json.loads(whole.stdout)["seal"]
    assert command("verify", execution_id, "--url", url, "--seal", seal).returncode == 0
    table, key = stack.client("dynamodb"), {"PK": {"S": f"GROUP#demo#EXECUTION#{execution_id}"}}
    event = {**key, "SK": {"S": "TRACE#0001#00000003"}}
    stored = table.get_item(TableName=stack.outputs["TableName"], Key=event)["Item"]
    stored["document"]["S"] = json.dumps({**json.loads(stored["document"]["S"]), "event_context": "other"})
    table.put_item(TableName=stack.outputs["TableName"], Item=stored)
    altered = command("verify", execution_id, "--url", url)
    assert (altered.returncode, "Event 1.3 was altered" in altered.stdout) == (1, True), altered.stdout
    assert command("verify", execution_id, "--url", url, "--seal", "0").returncode == 1


def test_a_bundle_larger_than_an_answer_of_lambda_arrives_whole(ada: User, model: ScriptedModel) -> None:
    texts = [base64.b64encode(os.urandom(36_000)).decode() for _ in range(30)]
    tasks = [task(f"Say it. [[say {text}]]", f"t{number}", context=[]) for number, text in enumerate(texts)]
    record = ada.run(crew(*tasks))
    assert record["status"] == "COMPLETED", record["error"]
    answer = ada.get(f"/executions/{record['execution_id']}/bundle")
    assert len(answer.content) > 6_000_000
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        outputs = [json.loads(line)["raw"] for line in archive.read("outputs.jsonl").splitlines()]
    assert outputs == texts
