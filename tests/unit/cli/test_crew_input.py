"""Every form of a crew that `run` takes, and what is said about the ones it cannot."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from stepcrew.domain.models import ModelRules
from stepcrew.services.check_crew import examine_crew
from stepcrew_cli.crew_input import EXAMPLES, example_names, load_crew
from stepcrew_cli.errors import CliError
from stepcrew_cli.run_request import RunOptions, parse_input, request_body
from stepcrew_reader.crewai_flow import state_names
from stepcrew_reader.errors import CrewFileError

AGENT = "role: R\n  goal: G\n  backstory: B\n"
CREW_PY = """
from crewai import Agent, Crew, Process, Task
from crewai.project import CrewBase, agent, crew, task
from crewai_tools import SerperDevTool
{imports}

raise SystemExit("executed")

@CrewBase
class Demo:
    @agent
    def boss(self) -> Agent:
        return Agent(config=self.agents_config["boss"], verbose=True)

    @agent
    def worker(self) -> Agent:
        return Agent(config=self.agents_config["worker"], tools=[{tool}], llm={llm})

    @task
    def second_task(self) -> Task:
        return Task(config=self.tasks_config["second"], output_file="report.md")

    @task
    def first_task(self) -> Task:
        return Task(config=self.tasks_config["first"], context=[self.second_task()])

    @crew
    def crew(self) -> Crew:
        return Crew(agents=[self.worker()], tasks=self.tasks, process=Process.hierarchical, manager_agent=self.boss())
"""


def classic(folder: Path, imports: str = "", tool: str = "SerperDevTool()", llm: str = "choose()") -> Path:
    package = folder / "src" / "demo"
    (package / "config").mkdir(parents=True)
    (package / "config" / "agents.yaml").write_text(f"worker:\n  {AGENT}boss:\n  {AGENT}")
    task = "description: About {topic}\n  expected_output: Text\n  agent: worker\n"
    (package / "config" / "tasks.yaml").write_text(f"first:\n  {task}second:\n  {task}")
    (package / "crew.py").write_text(CREW_PY.format(imports=imports, tool=tool, llm=llm))
    (package / "main.py").write_text(
        "from datetime import datetime\ndef run():\n"
        "    inputs = {'topic': 'AI', 'current_year': str(datetime.now().year), 'x': compute()}\n"
    )
    return folder


def test_a_classic_project_is_read_and_never_executed(tmp_path: Path) -> None:
    source = load_crew(str(classic(tmp_path)))
    config: dict[str, Any] = source.body["config"]
    assert list(config["agents"]) == ["boss", "worker"]
    assert (config["process"], config["manager_agent"]) == ("hierarchical", "boss")
    assert config["agents"]["worker"]["tools"] == ["SerperDevTool"]
    assert [task["name"] for task in config["tasks"]] == ["second", "first"]
    assert config["tasks"][1]["context"] == ["second"]
    assert source.body["inputs"] == {"topic": "AI", "current_year": str(datetime.now(UTC).year)}


def test_what_a_project_computes_is_said_not_dropped_silently(tmp_path: Path) -> None:
    source = load_crew(str(classic(tmp_path)))
    assert "worker: llm=choose()" in "\n".join(source.notes)
    assert source.body["config"]["tasks"][0]["output_file"] == "report.md"


@pytest.mark.parametrize(
    ("above", "tools"),
    [
        ("search = SerperDevTool()", "search"),
        ("search: SerperDevTool = SerperDevTool()", "search"),
        ("import crewai_tools", "crewai_tools.SerperDevTool()"),
        ("", "SerperDevTool(n_results=3)"),
    ],
)
def test_tools_are_found_by_the_names_the_file_gives_them(tmp_path: Path, above: str, tools: str) -> None:
    source = load_crew(str(classic(tmp_path, above, tools)))
    assert source.body["config"]["agents"]["worker"]["tools"] == ["SerperDevTool"]
    assert any("n_results" in note for note in source.notes) == ("n_results" in tools)


def test_a_name_that_is_assigned_twice_is_left_out(tmp_path: Path) -> None:
    source = load_crew(str(classic(tmp_path, "search = SerperDevTool()\nsearch = OtherTool()", "search")))
    assert source.body["config"]["agents"]["worker"]["tools"] == []
    assert any("the tool search" in note for note in source.notes)


def test_one_tool_that_is_computed_leaves_the_others(tmp_path: Path) -> None:
    source = load_crew(str(classic(tmp_path, "", "SerperDevTool(), make()")))
    assert source.body["config"]["agents"]["worker"]["tools"] == ["SerperDevTool"]
    assert any("the tool make()" in note for note in source.notes)


def test_a_crew_that_lists_its_tasks_and_agents_in_code_is_followed(tmp_path: Path) -> None:
    folder = classic(tmp_path)
    code = folder / "src" / "demo" / "crew.py"
    text = code.read_text().replace("tasks=self.tasks", "tasks=[self.first_task(), self.second_task()]")
    code.write_text(text.replace('output_file="report.md"', "agent=self.boss()"))
    tasks = load_crew(str(folder)).body["config"]["tasks"]
    assert [(task["name"], task["agent"]) for task in tasks] == [("first", "worker"), ("second", "boss")]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ('LLM(model="openai/gpt-4.1")', "openai/gpt-4.1"),
        ('LLM("openai/gpt-4.1", temperature=0)', {"model": "openai/gpt-4.1", "temperature": 0}),
        ('LLM(model="openai/gpt-4.1", api_key=os.environ["KEY"])', "openai/gpt-4.1"),
    ],
)
def test_models_are_read_without_keys(tmp_path: Path, given: str, read: object) -> None:
    source = load_crew(str(classic(tmp_path, f"def choose(): ...\nmodel = {given}", llm="model")))
    assert source.body["config"]["agents"]["worker"]["llm"] == read
    assert any("api_key of LLM" in note for note in source.notes) == ("api_key" in given)


@pytest.mark.parametrize("own", ["@tool\ndef mine(text: str) -> str: ...", "class mine(BaseTool): ..."])
def test_a_tool_defined_in_crew_py_is_refused_with_the_file(tmp_path: Path, own: str) -> None:
    with pytest.raises(CrewFileError, match=r"crew\.py"):
        load_crew(str(classic(tmp_path, own, "mine" if "def" in own else "mine()")))


def test_code_around_the_crew_is_said_to_be_left_out(tmp_path: Path) -> None:
    code = classic(tmp_path) / "src" / "demo" / "crew.py"
    code.write_text(code.read_text() + "\n    @before_kickoff\n    def prepare(self, inputs): ...\n")
    assert any("prepare (@before_kickoff)" in note for note in load_crew(str(tmp_path)).notes)


@pytest.mark.parametrize("module", ["demo.tools.custom_tool", ".tools.custom_tool"])
def test_a_tool_of_the_project_itself_is_named_with_its_file(tmp_path: Path, module: str) -> None:
    folder = classic(tmp_path, f"from {module} import MyTool", "MyTool()")
    (folder / "src" / "demo" / "tools").mkdir()
    (folder / "src" / "demo" / "tools" / "custom_tool.py").write_text("class MyTool(BaseTool): ...\n")
    with pytest.raises(CrewFileError, match=re.escape(str(Path("tools", "custom_tool.py")))):
        load_crew(str(folder))


def test_the_config_folder_alone_is_enough(tmp_path: Path) -> None:
    package = classic(tmp_path) / "src" / "demo"
    (package / "crew.py").unlink()
    config: dict[str, Any] = load_crew(str(package)).body["config"]
    assert (config["process"], [task["name"] for task in config["tasks"]]) == ("sequential", ["first", "second"])


def json_project(folder: Path, crew: str, agent: str = '{"role": "R", "goal": "G", "backstory": "B"}') -> Path:
    (folder / "agents").mkdir()
    (folder / "agents" / "a.jsonc").write_text(agent)
    (folder / "crew.jsonc").write_text(crew)
    return folder


def test_a_json_first_project_is_put_together(tmp_path: Path) -> None:
    crew = '{"agents": ["a"], /* why */ "tasks": [{"name": "t", "agent": "a"}], "inputs": {"x": 1},} // end'
    agent = '{"role": "R", "settings": {"max_iter": 3}}'
    body = load_crew(str(json_project(tmp_path, crew, agent))).body
    assert body["config"]["agents"] == {"a": {"role": "R", "max_iter": 3}}
    assert body["inputs"] == {"x": 1}


@pytest.mark.parametrize(
    ("crew", "said"),
    [
        ('{"agents": ["b"], "tasks": []}', "agents/b.jsonc"),
        ('{"agents": ["../a"], "tasks": []}', "../a has no file"),
        ('{"agents": ["a"], "tasks": [{"tools": ["custom:mine"]}]}', "tools/mine.py"),
        ('{"agents": ["a"], "tasks": [1]}', "list of objects"),
        ('{"agents": ["a"', "cannot be read"),
    ],
)
def test_a_faulty_json_first_project_says_what_is_wrong(tmp_path: Path, crew: str, said: str) -> None:
    with pytest.raises(CrewFileError, match=re.escape(said)):
        load_crew(str(json_project(tmp_path, crew)))


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.yaml", "agents: [1", "cannot be read"),
        ("a.yaml", "- 1", "must hold an object"),
        ("a.yaml", "x: 1", "is not a crew"),
        ("a.yaml", "agents: {1: {}}", "must be text"),
        ("a.txt", "x", "is not a crew file"),
        ("a.json", "{", "cannot be read"),
    ],
)
def test_a_file_that_is_no_crew_says_why(tmp_path: Path, name: str, text: str, said: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(CrewFileError, match=said):
        load_crew(str(tmp_path / name))


def test_a_whole_request_goes_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "request.json"
    path.write_text('{"job_type": "crew", "config": {"agents_yaml": "a", "inputs": {"x": 1}}}')
    body = request_body(load_crew(str(path)).body, RunOptions())
    assert body == {"job_type": "crew", "config": {"agents_yaml": "a", "inputs": {"x": 1}}}


def test_an_input_is_text_unless_it_says_json() -> None:
    assert [parse_input(text) for text in ("n=1", "n:=1", "u=a=b")] == [("n", "1"), ("n", 1), ("u", "a=b")]


@pytest.mark.parametrize("text", ["n", "=1", ":=1", "n:={"])
def test_an_input_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(CliError, match="--input"):
        parse_input(text)


@pytest.mark.parametrize("name", example_names())
def test_every_example_is_a_valid_crew_with_defaults_for_its_inputs(name: str) -> None:
    source = load_crew(name)
    config: Any = source.body["config"]
    rules = ModelRules("openai/gpt-4o", ["*"], "openai/text-embedding-3-small")
    parsed = examine_crew(config, cast("Any", source.body.get("inputs")), rules, 30).sound()
    assert source.notes == []
    assert parsed.inputs or config["state"]["default"]
    assert (EXAMPLES / name / "README.md").is_file()


def test_a_declarative_flow_is_sent_with_the_crews_whose_files_it_names(tmp_path: Path) -> None:
    crew = tmp_path / "crews/research"
    (crew / "agents").mkdir(parents=True)
    task = {"description": "d", "agent": "a"}
    (crew / "crew.jsonc").write_text(json.dumps({"agents": ["a"], "tasks": [task], "inputs": {"x": 1}}))
    (crew / "agents/a.jsonc").write_text('{"role": "R", "settings": {"llm": "openai/x"}}')
    step: dict[str, Any] = {"call": "crew", "from_declaration": "crews/research", "inputs": {"x": "${state.y}"}}
    methods = {"m": {"start": True, "do": step}}
    flow = {"schema": "crewai.flow/v1", "name": "f", "state": {"default": {"z": 1}}, "methods": methods}
    file = tmp_path / "flow.json"
    file.write_text(json.dumps(flow))
    for target in (file, tmp_path):
        config: Any = load_crew(str(target)).body["config"]
        assert state_names(config) == {"y", "z"}
        sent = config["methods"]["m"]["do"]
        assert (sent["call"], sent["inputs"], "from_declaration" in sent) == ("crew", {"x": "${state.y}"}, False)
        assert (sent["with"]["inputs"], sent["with"]["agents"]["a"]["llm"]) == ({"x": 1}, "openai/x")
    for wrong in ("crews/absent", "../outside", "/etc/passwd"):
        step["from_declaration"] = wrong
        file.write_text(json.dumps(flow))
        with pytest.raises(CrewFileError, match="there is no crew at"):
            load_crew(str(file))
