from crewai import LLM, Agent, Crew, Task
from crewai.flow import Flow, listen, or_, router, start
from pydantic import BaseModel


class CityState(BaseModel):
    city: str = "Oslo"
    size: str = ""
    text: str = ""


def one_task_crew(name: str, description: str) -> Crew:
    worker = Agent(role=f"{name} guide", goal="Describe cities", backstory="You have been everywhere.")
    described = Task(name=name, description=description, expected_output="A sentence", agent=worker)
    return Crew(name=name, agents=[worker], tasks=[described])


class CityFlow(Flow[CityState]):
    @start()
    def ask_size(self):
        self.state.size = LLM(model="gpt-4o-mini").call(f"Is {self.state.city} large? [[say small]]")

    @router(ask_size)
    def route(self):
        return "large" if "large" in self.state.size else "small"

    @listen("small")
    def small_city(self):
        self.state.text = one_task_crew("small", "Describe it. [[say A small town.]]").kickoff().raw

    @listen("large")
    def large_city(self):
        self.state.text = one_task_crew("large", "Describe it. [[say A metropolis.]]").kickoff().raw

    @listen(or_(small_city, large_city))
    def finish(self):
        return {"city": self.state.city, "text": self.state.text}


def kickoff():
    CityFlow().kickoff()
