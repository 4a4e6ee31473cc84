"""A classic CrewAI project: agents and tasks in YAML, and Python with a tool of the platform, an output class, and what
no definition can carry."""

from __future__ import annotations

from pathlib import Path

CREW = """
from crewai import Agent, Crew, Process, Task
from crewai.project import CrewBase, agent, before_kickoff, crew, task
from crewai_tools import SerperDevTool
from pydantic import BaseModel, Field

raise SystemExit("this file must never run")

class Report(BaseModel):
    title: str = Field(description="Of the whole")
    points: list[str]

@CrewBase
class Newsroom:
    @before_kickoff
    def prepare(self, inputs):
        return inputs

    @agent
    def writer(self):
        return Agent(config=self.agents_config["writer"], tools=[SerperDevTool()])

    @task
    def report(self):
        return Task(config=self.tasks_config["report"], output_pydantic=Report)

    @crew
    def crew(self):
        return Crew(agents=self.agents, tasks=self.tasks, process=Process.sequential)
"""
NEWSROOM = {
    "pyproject.toml": '[project]\nname = "newsroom"\n[project.scripts]\nrun_crew = "newsroom.main:run"\n',
    "src/newsroom/crew.py": CREW,
    "src/newsroom/main.py": "from newsroom.crew import Newsroom\ndef run():\n"
    "    Newsroom().crew().kickoff(inputs={'topic': 'paper', 'now': clock()})\n",
    "src/newsroom/config/agents.yaml": "writer:\n  role: Writer on {topic}\n  goal: Write\n  backstory: Calm\n",
    "src/newsroom/config/tasks.yaml": "report:\n  description: Write\n  expected_output: A report\n  agent: writer\n",
}


def write_newsroom(folder: Path) -> Path:
    for name, text in NEWSROOM.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder
