import os

from crewai import Agent, Crew, Process, Task
from crewai.project import CrewBase, agent, before_kickoff, crew, task
from pydantic import BaseModel

from research_crew.tools.counter import WordCounter


class Report(BaseModel):
    title: str
    count: int


def says_a_number(output):
    return (any(char.isdigit() for char in output.raw), "There is no number in it.")


@CrewBase
class ResearchCrew:
    """Counts words and reports."""

    agents_config = "config/agents.yaml"
    tasks_config = "config/tasks.yaml"

    @before_kickoff
    def add_reader(self, inputs):
        inputs["reader"] = os.environ.get("REPORT_READER", "everybody")
        return inputs

    @agent
    def researcher(self) -> Agent:
        return Agent(config=self.agents_config["researcher"], tools=[WordCounter()])

    @agent
    def writer(self) -> Agent:
        return Agent(config=self.agents_config["writer"])

    @task
    def research_task(self) -> Task:
        return Task(config=self.tasks_config["research_task"])

    @task
    def report_task(self) -> Task:
        return Task(config=self.tasks_config["report_task"], output_pydantic=Report, output_file="output/report.md")

    @crew
    def crew(self) -> Crew:
        return Crew(agents=self.agents, tasks=self.tasks, process=Process.sequential, verbose=True)
