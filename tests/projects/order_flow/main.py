from crewai import Agent, Crew, Task
from crewai.flow import Flow, listen, start
from crewai.tools import BaseTool
from pydantic import BaseModel

PLACED = []


class PlaceOrder(BaseTool):
    name: str = "place_order"
    description: str = "Places an order."
    has_effects: bool = True

    def _run(self, item: str) -> str:
        PLACED.append(item)
        return f"Ordered {item}."


class LookUp(BaseTool):
    name: str = "look_up"
    description: str = "Tells a price."

    def _run(self, item: str) -> str:
        return f"{item} costs 3 euros."


class Order(BaseModel):
    item: str = "tea"
    price: str = ""


def one_task_crew(name: str, text: str, tool: BaseTool) -> Crew:
    clerk = Agent(role=f"{name} clerk", goal="Serve", backstory="Serves.", tools=[tool], llm="gpt-4o-mini")
    return Crew(name=name, agents=[clerk], tasks=[Task(name=name, description=text, expected_output="Text", agent=clerk)])


class OrderFlow(Flow[Order]):
    @start()
    def look_up(self):
        text = 'Look up. [[tool look_up {"item": "tea"}]] [[say three euros]]'
        self.state.price = one_task_crew("price", text, LookUp()).kickoff().raw

    @listen(look_up)
    def order(self):
        text = 'Order. [[tool place_order {"item": "tea"}]] [[say ordered]]'
        return f"{one_task_crew('order', text, PlaceOrder()).kickoff().raw} for {self.state.price}"
