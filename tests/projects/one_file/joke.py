# /// script
# dependencies = ["crewai"]
# ///
from crewai import Agent, Crew, Process, Task

comedian = Agent(role="Comedian", goal="Make people laugh about {topic}", backstory="On stage since 1990.")
joke = Task(description="Tell a joke about {topic}. [[say A cat walks into a bar.]]", expected_output="A joke", agent=comedian)

crew = Crew(agents=[comedian], tasks=[joke], process=Process.sequential)
result = crew.kickoff(inputs={"topic": "cats"})
print(result)
