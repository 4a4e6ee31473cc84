from crewai import Agent, Crew, Task
from crewai.tools import BaseTool

TEXTS = {
    "first": "Do first of {key}. [[say ONE]]",
    "second": 'Do second of {key}. [[tool place_order {"item": "tea"}]] [[slow 0.6]] [[say TWO]]',
    "third": "Do third of {key}. [[say THREE]]",
}


class PlaceOrder(BaseTool):
    name: str = "place_order"
    description: str = "Places an order."
    has_effects: bool = True

    def _run(self, item: str) -> str:
        return f"Ordered {item}."


clerk = Agent(role="Clerk", goal="Serve", backstory="Serves.", tools=[PlaceOrder()], llm="gpt-4o-mini")
crew = Crew(
    name="killed",
    agents=[clerk],
    tasks=[Task(name=name, description=text, expected_output="Text", agent=clerk) for name, text in TEXTS.items()],
)
