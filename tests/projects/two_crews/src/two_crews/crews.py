from crewai import Agent, Crew, Task
from crewai.project import CrewBase, agent, crew, task


@CrewBase
class FactsCrew:
    @agent
    def finder(self) -> Agent:
        return Agent(role="Finder", goal="Find facts", backstory="Reads everything.")

    @task
    def find(self) -> Task:
        text = "A fact about {topic} for {audience}? [[say Whales sing.]]"
        return Task(description=text, expected_output="A fact", agent=self.finder())

    @crew
    def crew(self) -> Crew:
        return Crew(agents=self.agents, tasks=self.tasks)


@CrewBase
class StoryCrew:
    @agent
    def teller(self) -> Agent:
        return Agent(role="Teller", goal="Tell stories", backstory="Has grandchildren.")

    @task
    def tell(self) -> Task:
        text = "Tell a story from: {fact} [[say Once a whale sang.]]"
        return Task(description=text, expected_output="A story", agent=self.teller())

    @crew
    def crew(self) -> Crew:
        return Crew(agents=self.agents, tasks=self.tasks)
