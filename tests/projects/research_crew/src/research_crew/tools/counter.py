from crewai.tools import BaseTool
from pydantic import BaseModel, Field

CALLS = []


class WordCounterInput(BaseModel):
    text: str = Field(..., description="The text whose words are counted.")


class WordCounter(BaseTool):
    name: str = "word_counter"
    description: str = "Counts the words of a text."
    args_schema: type[BaseModel] = WordCounterInput

    def _run(self, text: str) -> str:
        CALLS.append(text)
        return f"{len(text.split())} words, call {len(CALLS)}"
