"""Crews kept under names, from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.fake_api import EXECUTION_ID, FakeApi
from tests.unit.cli.invoking import invoke
from tests.unit.cli.test_commands import CREW


@pytest.fixture
def crew(tmp_path: Path) -> str:
    folder = tmp_path / "My weekly report"
    folder.mkdir()
    (folder / "crew.yaml").write_text(CREW)
    return str(folder / "crew.yaml")


def test_save_sends_the_crew_and_prints_its_name_and_version(api: FakeApi, crew: str) -> None:
    result = invoke(api, "save", crew, "--name", "poems")
    assert (result.exit_code, result.stdout) == (0, "poems@1\n")
    sent = api.seen[-1]
    assert (sent.method, sent.path) == ("PUT", "/api/v1/crews/poems")
    assert set(sent.body) <= {"config", "inputs"}
    assert sent.body["config"]["agents"]["writer"]["role"] == "Writer"


def test_save_takes_the_folders_name_when_the_crew_has_none(api: FakeApi, crew: str) -> None:
    assert invoke(api, "save", crew).stdout == "My-weekly-report@1\n"
    Path(crew).write_text(CREW + "name: The poets!\n")
    assert invoke(api, "save", crew).stdout == "The-poets@1\n"


def test_save_tells_that_limits_are_not_kept(api: FakeApi, crew: str) -> None:
    body: dict[str, Any] = {"config": {"agents": {}, "tasks": []}, "limits": {"max_tokens": 9}}
    Path(crew).with_name("request.json").write_text(json.dumps(body))
    result = invoke(api, "save", str(Path(crew).with_name("request.json")))
    assert "Limits are not stored" in result.stderr
    assert "limits" not in api.seen[-1].body


def test_save_tells_which_inputs_are_of_today(api: FakeApi, tmp_path: Path) -> None:
    agent = 'a = Agent(role="r", goal="In {year}", backstory="b")'
    task = 't = Task(description="d", expected_output="e", agent=a)'
    crew = f"from crewai import Agent, Crew, Task\n{agent}\n{task}\ncrew = Crew(agents=[a], tasks=[t])\n"
    (tmp_path / "main.py").write_text(f"{crew}crew.kickoff(inputs={{'year': date.today().year}})\n")
    result = invoke(api, "save", str(tmp_path), "--name", "poems")
    assert f"The input year is kept as {api.seen[-1].body['inputs']['year']}, which is of today" in result.stderr


def test_crews_lists_names_versions_and_how_to_go_on(api: FakeApi) -> None:
    result = invoke(api, "crews")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1].split()[:4] == ["poems", "3", "2", "1"]
    assert "stepcrew crews --cursor on" in result.stderr
    assert json.loads(invoke(api, "crews", "--json").stdout)["crews"][0]["name"] == "poems"


def test_run_names_a_stored_crew_instead_of_sending_one(api: FakeApi) -> None:
    result = invoke(api, "run", "--crew", "poems@2", "-i", "topic=rain", "--max-tokens", "9")
    assert (result.exit_code, result.stdout) == (0, f"{EXECUTION_ID}\n")
    assert api.seen[-1].body == {"crew": "poems@2", "inputs": {"topic": "rain"}, "limits": {"max_tokens": 9}}


def test_run_wants_exactly_one_crew_and_no_model_for_a_stored_one(api: FakeApi, crew: str) -> None:
    for arguments in ((), (crew, "--crew", "poems"), ("--crew", "poems", "--model", "openai/x")):
        assert invoke(api, "run", *arguments).exit_code == 2
    assert api.seen == []


def test_an_alias_is_moved_listed_and_removed(api: FakeApi) -> None:
    assert "poems@prod is poems@3" in invoke(api, "alias", "poems@prod", "3").stderr
    assert (api.seen[-1].method, api.seen[-1].path) == ("PUT", "/api/v1/crews/poems/aliases/prod")
    assert api.seen[-1].body == {"version": 3}
    invoke(api, "alias", "poems@prod")
    assert api.seen[-1].body == {}
    assert invoke(api, "alias", "poems").stdout.splitlines()[1].split()[:2] == ["poems@prod", "3"]
    assert invoke(api, "alias", "poems@prod", "--remove").exit_code == 0
    assert api.paths("DELETE") == ["/api/v1/crews/poems/aliases/prod"]


@pytest.mark.parametrize("wrong", [("poems", "3"), ("poems@", "3"), ("@prod",), ("poems@prod", "3", "--remove")])
def test_an_alias_wants_its_name(api: FakeApi, wrong: tuple[str, ...]) -> None:
    assert invoke(api, "alias", *wrong).exit_code == 2
    assert api.seen == []


def test_run_takes_an_alias_and_asks_for_the_inputs_of_its_version(api: FakeApi) -> None:
    assert invoke(api, "run", "--crew", "poems@prod", "-i", "topic=rain").exit_code == 0
    assert "/api/v1/crews/poems?alias=prod" in api.paths()
    assert api.seen[-1].body["crew"] == "poems@prod"
