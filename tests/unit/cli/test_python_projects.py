"""Projects as people write them: read as their author meant, or told with their place what was not read."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path
from typing import Any

import pytest

from stepcrew.domain.parsing import parse_crew
from stepcrew_cli.crew_input import load_crew
from stepcrew_reader.errors import CrewFileError

AGENTS = """
researcher:
  role: Researcher of {topic}
  goal: Find facts
  backstory: Curious
writer:
  role: Writer
  goal: Write
  backstory: Calm
"""
TASKS = """
research:
  description: Find facts on {topic}
  expected_output: Facts
  agent: researcher
report:
  description: Write a report
  expected_output: A report
  agent: writer
"""
CREW = """
from crewai import Agent, Crew, Process, Task
from crewai.project import CrewBase, agent, crew, task
from crewai_tools import SerperDevTool

raise SystemExit("this file must never run")

@CrewBase
class Newsroom:
    @agent
    def researcher(self):
        return Agent(config=self.agents_config["researcher"], tools=[SerperDevTool()])

    @agent
    def writer(self):
        return Agent(config=self.agents_config["writer"])

    @task
    def research(self):
        return Task(config=self.tasks_config["research"])

    @task
    def report(self):
        return Task(config=self.tasks_config["report"])

    @crew
    def crew(self):
        return Crew(agents=self.agents, tasks=self.tasks, process=Process.hierarchical, manager_llm="openai/gpt-4.1")
"""
MAIN = """
from newsroom.crew import Newsroom

def run():
    Newsroom().crew().kickoff(inputs={"topic": "paper"})
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"))
    return folder


def project(folder: Path, **changes: str) -> Path:
    """A project of the usual layout; `crew`, `main`, `agents` and `tasks` replace its files."""
    files = {
        "src/newsroom/crew.py": changes.get("crew", CREW),
        "src/newsroom/main.py": changes.get("main", MAIN),
        "src/newsroom/config/agents.yaml": changes.get("agents", AGENTS),
        "src/newsroom/config/tasks.yaml": changes.get("tasks", TASKS),
        "pyproject.toml": '[project]\nname = "newsroom"\n',
    }
    return write(folder, files)


def config_of(path: Path | str) -> dict[str, Any]:
    source = load_crew(str(path))
    parse_crew(source.body["config"], {"topic": "paper", **(source.body.get("inputs") or {})})
    return source.body["config"]


def refusal(path: Path | str) -> str:
    with pytest.raises(CrewFileError) as caught:
        load_crew(str(path))
    return f"{caught.value} {caught.value.remedy}"


@pytest.mark.parametrize(
    "layout",
    [
        {"src/newsroom/newsroom_crew.py": CREW, "src/newsroom/config": ""},
        {"src/newsroom/crew.py": CREW, "config": ""},
        {"src/crew.py": CREW, "src/config": ""},
        {"newsroom/crew.py": CREW, "newsroom/config": ""},
        {"crew.py": CREW, "config": ""},
        {"app/crews/newsroom/newsroom.py": CREW, "app/crews/newsroom/config": ""},
    ],
)
def test_the_class_is_found_wherever_a_project_keeps_it(tmp_path: Path, layout: dict[str, str]) -> None:
    for name, text in layout.items():
        files = {name: text} if text else {f"{name}/agents.yaml": AGENTS, f"{name}/tasks.yaml": TASKS}
        write(tmp_path, files)
    config = config_of(tmp_path)
    assert (config["process"], config["manager_llm"]) == ("hierarchical", "openai/gpt-4.1")
    assert config["agents"]["researcher"]["tools"] == ["SerperDevTool"]
    assert [task["name"] for task in config["tasks"]] == ["research", "report"]


def test_configuration_files_of_other_names_are_those_that_the_class_names(tmp_path: Path) -> None:
    crew = CREW.replace(
        "class Newsroom:", "class Newsroom:\n    agents_config = 'texts/people.yaml'\n    tasks_config = TASKS\n"
    )
    crew = crew.replace("@CrewBase", "TASKS = 'texts/work.yaml'\n\n@CrewBase")
    files = {"crew.py": crew, "texts/people.yaml": AGENTS, "texts/work.yaml": TASKS}
    assert list(config_of(write(tmp_path, files))["agents"]) == ["researcher", "writer"]


def test_the_inputs_are_those_of_run_and_not_those_of_train(tmp_path: Path) -> None:
    main = """
    TOPIC = "paper"
    def train():
        inputs = {"topic": "training"}
        Newsroom().crew().train(n_iterations=1, inputs=inputs)
    def run():
        inputs = {"topic": TOPIC, "when": ask()}
        Newsroom().crew().kickoff(inputs=inputs)
    """
    source = load_crew(str(project(tmp_path, main=main)))
    assert source.body["inputs"] == {"topic": "paper"}
    assert any("when=ask()" in note for note in source.notes)


def test_the_start_that_pyproject_names_gives_the_inputs(tmp_path: Path) -> None:
    folder = project(tmp_path, main="def go():\n    crew.kickoff(inputs={'topic': 'ink'})\n")
    (folder / "pyproject.toml").write_text('[project]\nname = "n"\n[project.scripts]\nrun_crew = "newsroom.main:go"\n')
    assert load_crew(str(folder)).body["inputs"] == {"topic": "ink"}


def test_constants_of_other_files_and_joined_texts_are_followed(tmp_path: Path) -> None:
    folder = project(
        tmp_path, main="from newsroom.settings import TOPIC\ndef run():\n    c.kickoff({'topic': f'old {TOPIC}'})\n"
    )
    write(folder, {"src/newsroom/settings.py": 'TOPIC = "paper" + "!"\n'})
    assert load_crew(str(folder)).body["inputs"] == {"topic": "old paper!"}


def test_settings_that_are_unpacked_into_the_crew_count(tmp_path: Path) -> None:
    crew = CREW.replace("process=Process.hierarchical, manager_llm=", "**SETTINGS, manager_llm=")
    crew = crew.replace("@CrewBase", "SETTINGS = dict(process=Process.hierarchical, planning=True)\n\n@CrewBase")
    config = config_of(project(tmp_path, crew=crew))
    assert (config["process"], config["planning"]) == ("hierarchical", True)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("process=Process.hierarchical", "**settings()", "a part of crew"),
        ("process=Process.hierarchical", "process=choose()", "process of crew"),
        ("tasks=self.tasks", "tasks=self.tasks[:1]", "the crew's tasks"),
        ('Task(config=self.tasks_config["report"])', "make(self)", "what report returns"),
        ('config=self.agents_config["writer"]', "config=load()", "config of writer"),
        (
            'config=self.tasks_config["report"]',
            'config=self.tasks_config["report"], context=before()',
            "context of report",
        ),
    ],
)
def test_what_decides_the_crew_and_is_computed_is_refused_with_its_line(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    told = refusal(project(tmp_path, crew=CREW.replace(before, after)))
    assert re.search(r"crew\.py:\d+: ", told)
    assert said in told
    assert "code of a project is not run" in told


def test_several_crews_are_told_with_their_places_and_one_can_be_named(tmp_path: Path) -> None:
    folder = project(tmp_path, crew=CREW + "\n" + CREW[CREW.index("@CrewBase") :].replace("Newsroom", "Archive"))
    said = refusal(folder)
    assert "Newsroom" in said
    assert "Archive" in said
    file = folder / "src" / "newsroom" / "crew.py"
    assert f"{file}:Newsroom" in said
    assert list(config_of(f"{file}:Archive")["agents"]) == ["researcher", "writer"]


def test_an_entry_that_is_twice_in_a_yaml_file_is_refused_with_its_line(tmp_path: Path) -> None:
    said = refusal(project(tmp_path, tasks=TASKS + TASKS))
    assert "'research' is there twice" in said
    assert "line 10" in said


def test_a_key_that_is_twice_in_a_json_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"crew.json": '{"agents": {}, "tasks": [], "tasks": []}'})
    assert "'tasks' is there twice" in refusal(tmp_path / "crew.json")


def test_agents_made_by_a_helper_are_read_with_its_arguments(tmp_path: Path) -> None:
    crew = CREW.replace('Agent(config=self.agents_config["writer"])', 'self.make("writer", max_iter=3)')
    crew += """
    def make(self, which, max_iter=20):
        return Agent(config=self.agents_config[which], max_iter=max_iter)
"""
    config = config_of(project(tmp_path, crew=crew))
    assert config["agents"]["writer"] == {"role": "Writer", "goal": "Write", "backstory": "Calm", "max_iter": 3}


def test_tasks_that_are_written_out_in_code_need_no_yaml(tmp_path: Path) -> None:
    crew = CREW.replace(
        'Task(config=self.tasks_config["report"])',
        'Task(description=f"Write on {{topic}}", expected_output="Text", agent=self.writer())',
    )
    config = config_of(project(tmp_path, crew=crew))
    assert config["tasks"][1] == {
        "name": "report",
        "description": "Write on {topic}",
        "expected_output": "Text",
        "agent": "writer",
    }


def test_a_byte_order_mark_and_newer_format_strings_are_read(tmp_path: Path) -> None:
    folder = project(tmp_path, crew=CREW + '\n    note = f"{", ".join(["a", "b"])}"\n\n    late = 1\n')
    for path in folder.rglob("*.*"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes() if path.suffix != ".toml" else path.read_bytes())
    assert config_of(folder)["process"] == "hierarchical"


def test_a_file_that_is_not_python_says_where(tmp_path: Path) -> None:
    assert re.search(r"crew\.py:\d+ is not Python", refusal(project(tmp_path, crew=CREW + "\n  def x(:\n")))


def test_a_crew_of_plain_code_is_read(tmp_path: Path) -> None:
    script = """
    import crewai
    from crewai import Agent, Crew, Task
    from people import make

    researcher = Agent(role="Researcher", goal="Find", backstory="B")
    writer = make("Writer")
    research = Task(description="Find {topic}", expected_output="Facts", agent=researcher)
    report = Task(description="Write", expected_output="Text", agent=writer, context=[research])
    crew = Crew(agents=[researcher, writer], tasks=[research, report], verbose=True)

    if __name__ == "__main__":
        print(crew.kickoff(inputs={"topic": "rain"}))
    """
    people = 'from crewai import Agent\ndef make(role):\n    return Agent(role=role, goal="G", backstory="B")\n'
    folder = write(tmp_path, {"main.py": script, "people.py": people})
    config = config_of(folder)
    assert [agent["role"] for agent in config["agents"].values()] == ["Researcher", "Writer"]
    assert list(config["agents"]) == ["researcher", "writer"]
    assert config["tasks"][1]["context"] == ["research"]
    assert load_crew(str(folder)).body["inputs"] == {"topic": "rain"}


def test_classes_that_only_hold_agents_and_tasks_are_read(tmp_path: Path) -> None:
    files = {
        "agents.py": """
        from crewai import Agent
        class Agents:
            def planner(self):
                return Agent(role="Planner", goal="Plan", backstory="B")
        """,
        "tasks.py": """
        from crewai import Task
        class Tasks:
            def plan(self, agent, place):
                return Task(description=f"Plan {place}", expected_output="A plan", agent=agent)
        """,
        "main.py": """
        from crewai import Crew
        from agents import Agents
        from tasks import Tasks
        def main():
            agents, tasks = None, None
            people = Agents()
            work = Tasks()
            planner = people.planner()
            plan = work.plan(planner, "Rome")
            return Crew(agents=[planner], tasks=[plan]).kickoff()
        """,
    }
    config = config_of(write(tmp_path, files))
    assert config["tasks"] == [
        {"name": "plan", "description": "Plan Rome", "expected_output": "A plan", "agent": "planner"}
    ]


def test_a_flow_is_refused_and_its_crew_can_be_named(tmp_path: Path) -> None:
    main = "from crewai.flow import Flow, start\nclass Story(Flow[dict]):\n    @start()\n    def begin(self): ...\n"
    folder = project(tmp_path, main=main)
    said = refusal(folder)
    assert "Story is a flow" in said
    assert "crew.py:Newsroom" in said
    assert config_of(folder / "src" / "newsroom" / "crew.py")["process"] == "hierarchical"


OUTPUT = """
from enum import Enum
from typing import Annotated, Literal, Optional
from pydantic import BaseModel, Field, field_validator

class Level(Enum):
    low = "low"
    high = "high"

class Source(BaseModel):
    url: str
    year: Optional[int] = None

class Base(BaseModel):
    title: str = Field(..., description="In five words", max_length=80)

class Report(Base):
    '''What the desk wants.'''
    level: Level
    score: Annotated[float, Field(ge=0, le=1)]
    kind: Literal["a", "b"] = "a"
    sources: list[Source] = Field(default_factory=list, min_length=1)
    by_year: dict[str, list[int]] | None = None

    @field_validator("title")
    def short(cls, value): return value
"""


def test_pydantic_classes_become_the_schema_of_the_output(tmp_path: Path) -> None:
    crew = CREW.replace(
        'config=self.tasks_config["report"]', 'config=self.tasks_config["report"], output_pydantic=Report'
    )
    crew = crew.replace("from crewai import", "from newsroom.shapes import Report\nfrom crewai import")
    folder = write(project(tmp_path, crew=crew), {"src/newsroom/shapes.py": OUTPUT})
    schema = config_of(folder)["tasks"][1]["output_pydantic"]
    assert schema == {
        "title": "Report",
        "type": "object",
        "description": "What the desk wants.",
        "properties": {
            "title": {"type": "string", "description": "In five words", "maxLength": 80},
            "level": {"$ref": "#/$defs/Level"},
            "score": {"type": "number", "minimum": 0, "maximum": 1},
            "kind": {"enum": ["a", "b"], "default": "a"},
            "sources": {"type": "array", "items": {"$ref": "#/$defs/Source"}, "minItems": 1},
            "by_year": {
                "anyOf": [
                    {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "integer"}}},
                    {"type": "null"},
                ],
                "default": None,
            },
        },
        "required": ["title", "level", "score"],
        "$defs": {
            "Level": {"enum": ["low", "high"], "title": "Level"},
            "Source": {
                "title": "Source",
                "type": "object",
                "properties": {
                    "url": {"type": "string"},
                    "year": {"anyOf": [{"type": "integer"}, {"type": "null"}], "default": None},
                },
                "required": ["url"],
            },
        },
    }
    assert any("Report.short (@field_validator)" in note for note in load_crew(str(folder)).notes)


def test_a_class_that_holds_itself_keeps_its_definition(tmp_path: Path) -> None:
    shape = "from pydantic import BaseModel\nclass Report(BaseModel):\n    name: str\n    parts: list['Report'] = []\n"
    crew = CREW.replace('config=self.tasks_config["report"]', 'config=self.tasks_config["report"], output_json=Report')
    folder = project(tmp_path, crew=crew.replace("@CrewBase", shape + "\n@CrewBase"))
    schema = config_of(folder)["tasks"][1]["output_json"]
    assert schema["$defs"]["Report"]["properties"]["parts"]["items"] == {"$ref": "#/$defs/Report"}


def test_an_output_class_that_cannot_be_read_is_said_to_be_left_out(tmp_path: Path) -> None:
    crew = CREW.replace('config=self.tasks_config["report"]', 'config=self.tasks_config["report"], output_json=Report')
    crew = crew.replace("@CrewBase", "class Report(BaseModel):\n    body: Frame\n\n@CrewBase")
    assert any("output_json=Report" in note for note in load_crew(str(project(tmp_path, crew=crew))).notes)


def test_yaml_entries_may_name_the_models_tools_and_classes_of_the_crew(tmp_path: Path) -> None:
    crew = CREW.replace(
        "    @crew\n",
        """
    @llm
    def quick(self):
        return LLM(model="openai/gpt-4.1-mini", temperature=0)

    @tool
    def search(self):
        return SerperDevTool()

    @crew
""",
    ).replace("@CrewBase", "from crewai import LLM\nclass Report(BaseModel):\n    name: str\n\n@CrewBase")
    crew = crew.replace("from crewai import LLM", "from crewai import LLM\nfrom pydantic import BaseModel")
    agents = AGENTS + "  llm: quick\n  tools: [search]\n"
    config = config_of(project(tmp_path, crew=crew, agents=agents, tasks=TASKS + "  output_json: Report\n"))
    assert config["agents"]["writer"]["llm"] == {"model": "openai/gpt-4.1-mini", "temperature": 0}
    assert config["agents"]["writer"]["tools"] == ["SerperDevTool"]
    assert config["tasks"][1]["output_json"]["required"] == ["name"]


def test_only_the_agents_that_the_crew_lists_take_part(tmp_path: Path) -> None:
    agents = AGENTS + "spare:\n  role: Spare\n  goal: Wait\n  backstory: B\n"
    spare = '    @agent\n    def spare(self):\n        return Agent(config=self.agents_config["spare"])\n\n'
    crew = CREW.replace("agents=self.agents", "agents=[self.researcher(), self.writer()]")
    crew = crew.replace("    @task\n    def research", f"{spare}    @task\n    def research")
    assert list(config_of(project(tmp_path, crew=crew, agents=agents))["agents"]) == ["researcher", "writer"]


WRITER = '        return Agent(config=self.agents_config["writer"])'
CREW_CALL = CREW[CREW.index("        return Crew(") :]


def test_what_is_added_to_a_list_or_a_dictionary_afterwards_is_read_too(tmp_path: Path) -> None:
    crew = CREW.replace(
        CREW_CALL,
        """
        work = [self.research()]
        work.append(self.report())
        settings = {"process": Process.sequential}
        settings["process"] = Process.hierarchical
        settings.update({"manager_llm": "openai/gpt-4.1"})
        return Crew(agents=self.agents, tasks=work, **settings)
""",
    ).replace(
        WRITER,
        """
        tools = [SerperDevTool()]
        tools += [ScrapeWebsiteTool()]
        tools.extend([FileReadTool()])
        return Agent(config=self.agents_config["writer"], tools=tools)""",
    )
    crew = crew.replace("import SerperDevTool", "import FileReadTool, ScrapeWebsiteTool, SerperDevTool")
    main = """
from newsroom.crew import Newsroom

def run():
    inputs = {"topic": "paper"}
    inputs["year"] = 2026
    Newsroom().crew().kickoff(inputs=inputs)
"""
    folder = project(tmp_path, crew=crew, main=main)
    config = load_crew(str(folder)).body["config"]
    assert [task["name"] for task in config["tasks"]] == ["research", "report"]
    assert (config["process"], config["manager_llm"]) == ("hierarchical", "openai/gpt-4.1")
    assert config["agents"]["writer"]["tools"] == ["SerperDevTool", "ScrapeWebsiteTool", "FileReadTool"]
    assert load_crew(str(folder)).body["inputs"] == {"topic": "paper", "year": 2026}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (
            CREW_CALL,
            "        made = Crew(agents=self.agents, tasks=self.tasks)\n"
            "        made.process = X\n        return made\n",
        ),
        (
            WRITER,
            WRITER.replace("return", "made =") + "\n        made.tools.append(SerperDevTool())\n        return made",
        ),
        (WRITER, WRITER.replace("return", "made =") + "\n        made.allow_delegation = True\n        return made"),
        (
            CREW_CALL,
            "        work = [self.research()]\n        if self.long:\n            work.append(self.report())\n"
            "        return Crew(agents=self.agents, tasks=work)\n",
        ),
        (
            CREW_CALL,
            "        work = [self.research(), self.report()]\n        work.reverse()\n"
            "        return Crew(agents=self.agents, tasks=work)\n",
        ),
        (
            CREW_CALL,
            "        return self.made([self.research()])\n\n    def made(self, work):\n"
            "        work.append(self.report())\n        return Crew(agents=self.agents, tasks=work)\n",
        ),
    ],
)
def test_what_is_changed_afterwards_in_a_way_that_is_not_followed_is_refused(
    tmp_path: Path, old: str, new: str
) -> None:
    assert "is computed or changed afterwards" in refusal(project(tmp_path, crew=CREW.replace(old, new)))


@pytest.mark.parametrize(
    ("given", "method"),
    [
        ("self.boss()", "    def boss(self):\n        return Agent(role='Boss', goal='Lead', backstory='Wise')\n"),
        ("Agent(role='Boss', goal='Lead', backstory='Wise')", ""),
        ("self.hire(self.agents_config['boss'])", "    def hire(self, config):\n        return Agent(config=config)\n"),
    ],
)
def test_a_manager_may_be_made_where_it_is_used(tmp_path: Path, given: str, method: str) -> None:
    """CrewAI refuses a manager that is among the crew's agents, so no @agent method gives it."""
    agents = AGENTS + "boss:\n  role: Boss\n  goal: Lead\n  backstory: Wise\n"
    crew = CREW.replace('manager_llm="openai/gpt-4.1"', f"manager_agent={given}") + "\n" + method
    config = config_of(project(tmp_path, crew=crew, agents=agents))
    manager = config["agents"][config["manager_agent"]]
    assert (manager["role"], manager["goal"], manager["backstory"]) == ("Boss", "Lead", "Wise")
    assert len(config["agents"]) == 3


def test_methods_of_a_base_class_in_another_file_count_and_unknown_bases_are_told(tmp_path: Path) -> None:
    base = """
from crewai import Task
from crewai.project import task

STEPS = "Check {topic}"

class Checked:
    @task
    def check(self):
        return Task(description=STEPS, expected_output="Yes or no", agent=self.writer())
"""
    crew = CREW.replace("class Newsroom:", "class Newsroom(Checked, Elsewhere):")
    crew = crew.replace("@CrewBase", "from newsroom.base import Checked\nfrom other import Elsewhere\n\n@CrewBase")
    folder = write(project(tmp_path, crew=crew), {"src/newsroom/base.py": base})
    tasks = {task["name"]: task for task in config_of(folder)["tasks"]}
    assert list(tasks) == ["check", "research", "report"]
    assert (tasks["check"]["description"], tasks["check"]["agent"]) == ("Check {topic}", "writer")
    assert any("the base class Elsewhere" in note for note in load_crew(str(folder)).notes)


def test_a_model_that_the_environment_names_is_said_to_be_left_out(tmp_path: Path) -> None:
    folder = project(tmp_path)
    assert load_crew(str(folder)).notes == []
    (folder / ".env").write_text("OPENAI_API_KEY=x\nMODEL=openai/gpt-4.1\n")
    (told,) = load_crew(str(folder)).notes
    assert told.startswith("MODEL in .env sets the model, and is not read")
    (folder / ".env").unlink()
    setting = 'import os\nos.environ["OPENAI_MODEL_NAME"] = "gpt-4"\n'
    (told,) = load_crew(str(project(tmp_path, crew=setting + CREW.lstrip()))).notes
    assert "OPENAI_MODEL_NAME at crew.py:2 sets the model" in told
    with_models = re.sub(r'(agents_config\["\w+"\])', r'\1, llm="a/b"', CREW)
    assert load_crew(str(project(tmp_path, crew=with_models))).notes == []


def test_an_input_of_today_is_marked(tmp_path: Path) -> None:
    main = MAIN.replace("{", '{"year": str(datetime.now().year), ')
    assert load_crew(str(project(tmp_path, main=main))).of_today == ["year"]


@pytest.mark.parametrize(
    ("again", "told"),
    [
        ('    Newsroom().crew().kickoff(inputs={"topic": "ink"})\n', "the further kickoff at main.py:5"),
        ("    for _ in range(2):\n        Newsroom().crew().kickoff()\n", "the further kickoff at main.py:6"),
    ],
)
def test_a_crew_that_its_start_runs_more_than_once_needs_its_code(tmp_path: Path, again: str, told: str) -> None:
    source = load_crew(str(project(tmp_path, main=MAIN + again)))
    assert (source.needs_code, source.body["inputs"]) == (True, {"topic": "paper"})
    assert told in source.notes[0]


@pytest.mark.parametrize(
    "loop",
    [
        'for t in "ab":\n        Newsroom().crew().kickoff(inputs={"topic": t})',
        'Newsroom().crew().kickoff_for_each(inputs=[{"topic": "a"}, {"topic": "b"}])',
        '[Newsroom().crew().kickoff(inputs={"topic": t}) for t in "ab"]',
    ],
)
def test_a_crew_that_is_started_in_a_loop_needs_its_code(tmp_path: Path, loop: str) -> None:
    source = load_crew(str(project(tmp_path, main=f"from newsroom.crew import Newsroom\ndef run():\n    {loop}\n")))
    assert source.needs_code
    assert "is repeated" in source.notes[0]
