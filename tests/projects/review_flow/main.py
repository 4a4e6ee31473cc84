from crewai import LLM
from crewai.flow import Flow, human_feedback, listen, persist, start
from pydantic import BaseModel


class Draft(BaseModel):
    id: str = ""
    audience: str = "everybody"
    text: str = ""
    notes: list[str] = []


@persist()
class ReviewFlow(Flow[Draft]):
    @start()
    def ask_audience(self):
        self.state.audience = self.ask("Who is it for?") or self.state.audience

    @listen(ask_audience)
    def write(self):
        self.state.text = LLM(model="gpt-4o-mini").call(f"Write for {self.state.audience}. [[say Dear readers]]")

    @listen("shorten")
    def make_shorter(self):
        self.state.notes.append(self.last_human_feedback.feedback)
        self.state.text = "Dear"

    @listen(write)
    @human_feedback(message="Is this good?", emit=["publish", "shorten"], llm="gpt-4o-mini")
    def review(self):
        return self.state.text

    @listen("publish")
    def send_out(self):
        return f"{self.state.text}!"


def kickoff():
    ReviewFlow().kickoff()
