#!/usr/bin/env python
from random import randint

from crewai.flow import Flow, and_, listen, start
from pydantic import BaseModel

from poem_flow.crews.poem_crew.poem_crew import PoemCrew
from poem_flow.crews.title_crew.title_crew import TitleCrew


class PoemState(BaseModel):
    sentence_count: int = 1
    poem: str = ""
    title: str = ""


class PoemFlow(Flow[PoemState]):
    @start()
    def count_sentences(self, crewai_trigger_payload: dict = None):
        self.state.sentence_count = randint(1, 1)

    @listen(count_sentences)
    def write_poem(self):
        result = PoemCrew().crew().kickoff(inputs={"sentence_count": self.state.sentence_count})
        self.state.poem = result.raw

    @listen(count_sentences)
    async def write_title(self):
        result = await TitleCrew().crew().kickoff_async(inputs={"sentence_count": self.state.sentence_count})
        self.state.title = result.raw

    @listen(and_(write_poem, write_title))
    def save_poem(self):
        with open("poem.txt", "w") as f:
            f.write(f"{self.state.title}\n{self.state.poem}")


def kickoff():
    PoemFlow().kickoff()


def plot():
    PoemFlow().plot()


if __name__ == "__main__":
    kickoff()
