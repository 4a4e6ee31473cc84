from crewai import LLM
from crewai.flow import Flow, listen, persist, start
from crewai.flow.persistence import SQLiteFlowPersistence
from pydantic import BaseModel


class Visits(BaseModel):
    id: str = ""
    count: int = 0
    told: str = ""


@persist(SQLiteFlowPersistence("visits.db"))
class VisitsFlow(Flow[Visits]):
    @start()
    def greet(self):
        self.state.count += 1
        self.state.told = LLM(model="gpt-4o-mini").call(f"Greet for the {self.state.count}. time. [[say hello]]")

    @listen(greet)
    def tell(self):
        return f"{self.state.told} {self.state.count}"
