from crewai import LLM, Agent, Crew, Task
from crewai.flow import Flow, listen, start
from pydantic import BaseModel


class Given(BaseModel):
    key: str = ""


def one_task(name: str, key: str, says: str) -> Crew:
    clerk = Agent(role=f"{name} clerk", goal="Serve", backstory="Serves.", llm="gpt-4o-mini")
    text = f"Do {name} of {key}. [[slow 0.6]] [[say {says}]]"
    return Crew(name=name, agents=[clerk], tasks=[Task(name=name, description=text, expected_output="Text", agent=clerk)])


class KilledFlow(Flow[Given]):
    @start()
    def first(self):
        return one_task("first", self.state.key, "ONE").kickoff().raw

    @listen(first)
    def second(self):
        return one_task("second", self.state.key, "TWO").kickoff().raw

    @listen(second)
    def third(self):
        return LLM(model="gpt-4o-mini").call(f"Do third of {self.state.key}. [[slow 0.6]] [[say THREE]]")


def kickoff():
    KilledFlow().kickoff()
