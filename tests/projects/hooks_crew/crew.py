from pathlib import Path
from typing import Any, Tuple

from crewai import Agent, Crew, Process, Task
from crewai.project import CrewBase, after_kickoff, agent, before_kickoff, crew, task
from crewai.tasks.task_output import TaskOutput
from crewai.tools import BaseTool
from pydantic import BaseModel, Field

SEEN = []


class Order(BaseModel):
    article: str = Field(..., description="What is ordered.")
    count: int = Field(1, description="How many.")


class BookOrder(BaseTool):
    name: str = "book_order"
    description: str = "Books an order. It cannot be taken back."
    args_schema: type[BaseModel] = Order

    def _run(self, article: str, count: int = 1) -> str:
        book = Path("orders.txt")
        book.write_text((book.read_text() if book.exists() else "") + f"{count} {article}\n")
        return f"Booked {count} {article}. {prices()}"


def prices() -> str:
    return (Path(__file__).parent / "knowledge" / "prices.txt").read_text().strip()


def names_a_price(output: TaskOutput) -> Tuple[bool, Any]:
    if "euros" not in output.raw:
        return (False, "Name the price.")
    return (True, output.raw.strip())


@CrewBase
class ShopCrew:
    @before_kickoff
    def greet(self, inputs):
        inputs["greeting"] = f"good morning, {inputs.get('customer', 'you')}"
        return inputs

    @after_kickoff
    def sign(self, output):
        output.raw = f"{output.raw} ({len(SEEN)} tasks, {Path('orders.txt').read_text().strip()})"
        return output

    @agent
    def clerk(self) -> Agent:
        return Agent(config=self.agents_config["clerk"], tools=[BookOrder()], step_callback=lambda step: None)

    @task
    def offer(self) -> Task:
        return Task(config=self.tasks_config["offer"], guardrail=names_a_price, guardrail_max_retries=2)

    @task
    def receipt(self) -> Task:
        return Task(config=self.tasks_config["receipt"], callback=lambda output: SEEN.append(output.raw))

    @crew
    def crew(self) -> Crew:
        return Crew(agents=self.agents, tasks=self.tasks, process=Process.sequential, task_callback=lambda output: SEEN.append(output.raw))
