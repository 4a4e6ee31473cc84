"""`stepcrew undeploy`, and what `stepcrew deploy` does beside building a project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from stepcrew_cli.commands import deploy
from stepcrew_cli.deploying.building import Built
from stepcrew_cli.deploying.cloudformation import Kind
from stepcrew_cli.deploying.finding import find_project
from tests.unit.cli.fake_api import FakeApi
from tests.unit.cli.invoking import invoke

PROJECT = Path(__file__).parents[2] / "projects/research_crew"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> Built:
    """Building one takes uv and the runner's packages, which other tests do."""
    report: dict[str, Any] = {
        "kind": "crew",
        "agents": {},
        "tasks": [],
        "inputs": [],
        "tools": [],
        "environment": [],
        "needs": {},
    }
    made = Built(find_project(PROJECT, None), report, [], b"content")
    monkeypatch.setattr(deploy, "build_project", lambda *_: made)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    return made


def test_undeploy_removes_the_crew_then_its_function_and_names_its_triggers(api: FakeApi) -> None:
    result = invoke(api, "undeploy", "poems")
    assert result.exit_code == 0, result.stderr
    assert api.paths("DELETE") == ["/api/v1/crews/poems", "/local/projects/poems"]
    assert "The trigger orders names poems" in result.stderr
    assert "removed, with its function" in result.stderr
    api.has_function = False
    assert json.loads(invoke(api, "undeploy", "poems", "--json").stdout) == {"name": "poems", "function_removed": False}


def test_undeploy_waits_for_open_executions(api: FakeApi) -> None:
    api.open_executions = [["e1", "e2"]]
    result = invoke(api, "undeploy", "poems")
    assert (result.exit_code, api.paths("DELETE")) == (2, [])
    assert "have not ended: e1, e2" in result.stderr
    api.open_executions = [["e1"], ["e1"]]
    assert invoke(api, "undeploy", "poems", "--force").exit_code == 0


def test_an_execution_that_was_submitted_meanwhile_keeps_the_function(api: FakeApi) -> None:
    api.open_executions = [[], ["e9"]]
    result = invoke(api, "undeploy", "poems")
    assert (result.exit_code, api.paths("DELETE")) == (2, ["/api/v1/crews/poems"])
    assert "its function not yet" in result.stderr


def test_deploy_with_a_version_rolls_back_and_may_move_an_alias(api: FakeApi) -> None:
    result = invoke(api, "deploy", "poems", "--version", "2", "--alias", "prod")
    assert (result.exit_code, result.stdout) == (0, "poems@4\n")
    sent = [(one.path, one.body) for one in api.seen if one.method in ("POST", "PUT") and "crews" in one.path]
    assert sent == [
        ("/api/v1/crews/poems/rollback", {"version": 2}),
        ("/api/v1/crews/poems/aliases/prod", {"version": 4}),
    ]


@pytest.mark.parametrize("wrong", [("--version", "2", "--check"), ("--dry-run", "--alias", "a"), ("--parameter", "X")])
def test_options_that_contradict_each_other(api: FakeApi, wrong: tuple[str, ...]) -> None:
    assert invoke(api, "deploy", "poems", *wrong).exit_code == 2
    assert api.seen == []


def test_a_deployment_stores_what_its_function_has(api: FakeApi, built: Built) -> None:
    result = invoke(api, "deploy", str(PROJECT), "--name", "poems", "--alias", "prod")
    assert (result.exit_code, result.stdout) == (0, "poems@1\n")
    stored = next(one.body for one in api.seen if one.path == "/api/v1/projects/poems")
    assert (stored["project"]["bundle"], stored["project"]["function"]) == (built.digest, "f:1")
    assert api.seen[-1].body == {"version": 1}
    assert "run --crew poems@prod" in result.stderr


def test_a_check_stores_nothing_and_tells_whether_it_is_deployed(api: FakeApi, built: Built) -> None:
    result = invoke(api, "deploy", str(PROJECT), "--name", "poems", "--check")
    assert result.exit_code == 0
    assert "makes poems@4" in result.stderr
    told = json.loads(invoke(api, "deploy", str(PROJECT), "--name", "poems", "--check", "--json").stdout)
    assert (told["deployed"], told["bundle"]) == (False, built.digest)
    api.trouble = [(404, {"status": 404, "detail": "There is no crew."})]
    assert "makes poems@1" in invoke(api, "deploy", str(PROJECT), "--name", "poems", "--check").stderr
    assert {one.method for one in api.seen if "/auth/" not in one.path} == {"GET"}


def test_on_another_machine_the_function_is_made_on_aws(
    api: FakeApi, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    class OnCloudFormation:
        def __init__(self, session: str, kind: Kind, *more: Any) -> None:
            made.append((session, kind.word, *more[:2]))

        def put(self) -> str:
            return "arn:f:7"

        def plan(self) -> list[str]:
            return ["Add ProjectFunction (AWS::Lambda::Function)"]

    functions = "stepcrew_cli.deploying.functions"
    monkeypatch.setattr(f"{functions}.is_loopback", lambda _: False)  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    monkeypatch.setattr(f"{functions}.new_session", lambda region, profile: f"{region} {profile}")  # pyright: ignore[reportUnknownLambdaType, reportUnknownArgumentType]
    monkeypatch.setattr(f"{functions}.AwsFunction", OnCloudFormation)
    options = ("--name", "poems", "--region", "eu-west-1", "--aws-profile", "p", "--parameter", "MemorySize=2000")
    result = invoke(api, "deploy", str(PROJECT), *options)
    assert result.exit_code == 0, result.stderr
    assert made == [("eu-west-1 p", "project", {"Bundle": built.digest}, {"MemorySize": "2000"})]
    stored = next(one.body for one in api.seen if one.path == "/api/v1/projects/poems")
    assert stored["project"]["function"] == "arn:f:7"
    before = len(api.paths("PUT"))
    told = json.loads(invoke(api, "deploy", str(PROJECT), *options, "--dry-run", "--json").stdout)
    assert told["function_changes"] == ["Add ProjectFunction (AWS::Lambda::Function)"]
    assert len(api.paths("PUT")) == before
