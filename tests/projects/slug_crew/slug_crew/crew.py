import inflection
from crewai import Agent, Crew, Task
from crewai.tools import tool


@tool("slug")
def slug(title: str) -> str:
    """Makes a title into a part of an address."""
    return inflection.parameterize(title)


def build() -> Crew:
    editor = Agent(role="Editor", goal="Publish", backstory="Publishes.", tools=[slug])
    text = 'Make a slug. [[tool slug {"title": "Hello, big World"}]] [[say Done.]]'
    return Crew(agents=[editor], tasks=[Task(description=text, expected_output="A slug", agent=editor)])
